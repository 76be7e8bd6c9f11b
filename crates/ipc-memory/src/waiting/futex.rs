//! [`Futex`]: a word that threads of all processes can sleep on.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::atomic::Ordering::Release;
use std::sync::atomic::{AtomicU32, fence};

use bytemuck::Zeroable;
use rustix::io::Errno;
use rustix::thread::futex::{self, Flags, WakeOp, WakeOpCmp};

use crate::waiting::deadline::Deadline;

/// A word that can be slept on. To work between processes it must be in shared memory.
///
/// `repr(transparent)`: the mutex's word, which glibc lays out, is used as one.
#[derive(Debug, Zeroable)]
#[repr(transparent)]
pub struct Futex(AtomicU32);

/// How a [`Futex::wait`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// By a wake.
    Woken,
    /// Not by a wake: the word had changed before, or a signal came.
    Disturbed,
    /// The deadline passed.
    TimedOut,
}

/// A change that the kernel makes to a word; see [`Futex::change_and_wake`].
#[derive(Debug)]
pub enum Change {
    /// Sets the word to `1 << n`.
    ToBit(u16),
    /// Sets bit n.
    WithBit(u16),
    /// Adds n, wrapping around.
    Add(u16),
}

/// How many sleepers [`Futex::change_and_wake`] wakes.
#[derive(Debug)]
pub enum Wake {
    /// The one that has slept longest.
    One,
    /// All of them.
    All,
}

const NO_FLAGS: Flags = Flags::empty(); // not PRIVATE: the sleepers are in other processes
const ANY: NonZeroU32 = NonZeroU32::MAX; // FUTEX_BITSET_MATCH_ANY

impl Futex {
    /// Sleeps while the word is `expected`: until a wake, the deadline or a signal.
    pub fn wait(&self, expected: u32, deadline: Deadline) -> Waited {
        let deadline = deadline.absolute();
        // The plain wait would take a length of time instead.
        match futex::wait_bitset(&self.0, NO_FLAGS, expected, deadline.as_ref(), ANY) {
            Ok(()) => Waited::Woken,
            Err(Errno::AGAIN | Errno::INTR) => Waited::Disturbed,
            Err(Errno::TIMEDOUT) => Waited::TimedOut,
            Err(e) => unreachable!("futex wait on a valid word: {e}"),
        }
    }

    /// Changes the word and wakes sleepers, as one step: whoever sees the new value may rely on the
    /// wake, even if this process is killed at once. Orders like a release. Returns whether there
    /// was a sleeper to wake.
    pub fn change_and_wake(&self, change: Change, wake: Wake) -> bool {
        let (op, operand) = match change {
            Change::ToBit(bit) => (WakeOp::SetShift, bit),
            Change::WithBit(bit) => (WakeOp::OrShift, bit),
            Change::Add(number) => (WakeOp::Add, number),
        };
        let most = match wake {
            Wake::One => 1,
            Wake::All => i32::MAX.cast_unsigned(),
        };
        fence(Release); // the kernel changes the word on this thread's behalf
        // The call can also wake sleepers on a second word, if the old value compares as asked. The
        // same word stands there, too, so at worst one more sleeper looks again.
        let (word, second_most) = (&self.0, 0);
        let woken =
            futex::wake_op(word, NO_FLAGS, most, second_most, word, op, WakeOpCmp::Eq, operand, 0);
        woken.expect("futex wake on a valid word") > 0
    }
}

impl Deref for Futex {
    type Target = AtomicU32;
    fn deref(&self) -> &AtomicU32 {
        &self.0
    }
}
