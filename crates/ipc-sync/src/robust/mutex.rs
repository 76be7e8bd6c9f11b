//! [`RobustMutex`]: a mutex that no `kill -9` can leave locked.
//!
//! It lives in shared memory, and the kernel releases it when its owner dies, because each thread
//! keeps a [list](crate::robust::held_list) of the mutexes that it holds. It is laid out as glibc
//! lays out its own:
//!
//! ```text
//!   byte 0        4        8          24       32
//!        ┌────────┬────────┬──────────┬────────┬────────┐
//!        │  word  │ count  │ (unused) │  prev  │  next ─┼──▶ `next` of the mutex taken before
//!        └────────┴────────┴──────────┴────────┴────────┘
//!         \___ state ____/              the list points here ▲, 32 bytes after the word
//!
//!   word  = thread id of the owner, 0 when free
//!         | OWNER_DIED  the kernel released it for a dead owner
//!         | WAITERS     a thread may be asleep
//!   count = how many times the mutex has been taken, and the mark STARVING
//! ```
//!
//! Why a kill at any instruction is harmless:
//!
//! 1. *A dead owner's mutex is released.* Before a thread touches the word it names the mutex in its
//!    list's `pending` field; it clears the field when word and list agree again. At every
//!    instruction between, the kernel finds the mutex by one of the two.
//! 2. *No thread sleeps for ever.* WAITERS is set before a thread sleeps, and every taker keeps it.
//!    With WAITERS set, release and wake are one system call, so a kill cannot come between the two.
//!    A sleeper that is killed after it was woken has the mutex as `pending`: if it is free the kernel
//!    wakes the next (Linux 6.2, and the older lines that are maintained), and if not, its taker has
//!    kept WAITERS and will.
//! 3. *WAITERS is cleared only when no thread sleeps*: by a release that woke none, and only if word
//!    *and count* are still as it left them. Then the mutex was free from the wake to the clearing,
//!    and on a free mutex no thread goes to sleep.
//!
//! *Fairness.* A running thread that takes the mutex again and again would always be faster than the
//! one that it wakes. So a thread that has waited for a millisecond sets STARVING. From then on a free
//! mutex is for threads that a release has woken, which the kernel does in the order in which they went
//! to sleep; a newcomer waits, until it has itself waited for a millisecond: the woken thread may be
//! dead. The first taker that had no such wait clears the mark. So a thread gets the mutex after a
//! millisecond and two turns, at most, of each other thread that waits. (A newcomer may sleep on a free
//! mutex, against rule 3, but never for longer than that.)
//!
//! Two things the kernel leaves open. It knows threads by their ids, so all who share a mutex must be
//! in one pid namespace (`Process::start` sees to that). And a thread other than the main one that
//! replaces its process by `exec` gets another id before its list is looked at, so that what it
//! holds stays locked.
//!
//! glibc's own robust mutex lacks 2 and 3: it clears WAITERS when it releases, so when the thread
//! it woke is killed while another has already taken the mutex, the remaining sleepers are forgotten.

use std::mem::offset_of;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use bytemuck::Zeroable;
use ipc_error::{Error, Result};

use crate::robust::held_list::Entry;
use crate::robust::thread::{HELD, Thread};
use ipc_memory::{Change, Deadline, Futex, Waited, Wake};

const WAITERS: u64 = 1 << WAITERS_BIT;
const WAITERS_BIT: u16 = 31;
const OWNER_DIED: u64 = 1 << 30;
const OWNER: u64 = OWNER_DIED - 1;
const WORD: u64 = u32::MAX as u64;
const STARVING: u64 = 1 << 32;
const ONE_TAKEN: u64 = 1 << 33;
const COUNT: u64 = !(ONE_TAKEN - 1);

/// After this time a waiting thread has the mutex handed over. A context switch to it costs a small
/// share of this.
const STARVES_AFTER: Duration = Duration::from_millis(1);

/// The kernel follows no more than 2048 entries of a list; glibc's own mutexes need room, too.
const MOST_HELD: u32 = 1024;

/// A mutex in shared memory; see the head of this file.
#[derive(Debug, Zeroable)]
#[repr(C)]
pub struct RobustMutex {
    state: AtomicU64,
    _unused: [u64; 2],
    entry: Entry,
}

/// From the list's pointer to a mutex's word.
const OFFSET: isize = -32;
const _: () = assert!(offset_of!(RobustMutex, entry) == 24 && size_of::<Entry>() == 16);

/// The state in which a mutex is that was in `state`, free, when a thread has taken it.
#[inline]
fn taken_by(id: u32, state: u64) -> u64 {
    (state & !(WORD & !WAITERS)).wrapping_add(ONE_TAKEN) | u64::from(id)
}

impl RobustMutex {
    /// Takes the mutex. `Some(true)` says that its last owner died with it, `None` that the
    /// deadline passed first.
    #[inline]
    pub fn lock(&self, deadline: Deadline) -> Result<Option<bool>> {
        let thread = Thread::current(OFFSET)?;
        let mut state = self.state.load(Relaxed);
        if state & OWNER == thread.id.into() {
            return Err(Error::AlreadyLocked);
        }
        if HELD.get() >= MOST_HELD {
            return Err(Error::TooManyLocks { held: MOST_HELD });
        }
        let Some(_pending) = thread.list().pending(&self.entry) else {
            return Err(Error::Interrupted);
        };
        if state & (OWNER | STARVING) != 0 || !self.change(state, taken_by(thread.id, state)) {
            match self.take_in_turn(thread.id, deadline) {
                Some(free) => state = free,
                None => return Ok(None),
            }
        }
        // SAFETY: a held mutex is not unmapped: whatever has one in it sees to that when dropped.
        unsafe { thread.list().link(&self.entry) };
        HELD.set(HELD.get() + 1);
        Ok(Some(state & OWNER_DIED != 0))
    }

    /// Takes the mutex when it is free and this thread has a right to it; returns the state in which
    /// it was. `None` if the deadline passed first.
    #[cold]
    fn take_in_turn(&self, id: u32, deadline: Deadline) -> Option<u64> {
        let starves = Deadline::after(STARVES_AFTER);
        let mut was_woken = false;
        loop {
            let state = self.state.load(Relaxed);
            let is_starving = starves.is_past();
            let waited = if state & OWNER == 0 {
                if state & STARVING == 0 || was_woken || is_starving {
                    // A thread that had no long wait ends the time of handing over.
                    let marks = if is_starving { state } else { state & !STARVING };
                    match self.change(state, taken_by(id, marks)) {
                        true => return Some(state),
                        false => continue,
                    }
                }
                let until =
                    if deadline == Deadline::NOW { starves } else { starves.or_before(deadline) };
                self.word().wait((state & WORD) as u32, until)
            } else if deadline == Deadline::NOW {
                return None;
            } else {
                let marked = state | WAITERS | if is_starving { STARVING } else { 0 };
                if marked != state && !self.change(state, marked) {
                    continue;
                }
                match self.word().wait((marked & WORD) as u32, deadline) {
                    Waited::TimedOut => return None,
                    waited => waited,
                }
            };
            was_woken |= waited == Waited::Woken;
        }
    }

    /// Whether the state was `from`, and is `to` from now on.
    #[inline]
    fn change(&self, from: u64, to: u64) -> bool {
        self.state.compare_exchange(from, to, Acquire, Relaxed).is_ok()
    }

    /// Gives the mutex back. Nothing happens if this thread is not its owner, which is so for the
    /// copy of a guard that a fork made.
    #[inline]
    pub fn unlock(&self) {
        let Some(thread) = Thread::known() else { return };
        let state = self.state.load(Relaxed);
        if state & OWNER != thread.id.into() {
            return;
        }
        let _pending = thread.list().pending(&self.entry);
        // SAFETY: it is in this thread's list, since this thread is its owner.
        unsafe { self.entry.unlink() };
        let free = state & !WORD;
        if state & WAITERS != 0
            || self.state.compare_exchange(state, free, Release, Relaxed).is_err()
        {
            self.release_and_wake(free & COUNT);
        }
        HELD.set(HELD.get() - 1);
    }

    #[cold]
    fn release_and_wake(&self, count: u64) {
        // The word's new value says: free, and a thread may be asleep.
        let woken = self.word().change_and_wake(Change::ToBit(WAITERS_BIT), Wake::One);
        let now = self.state.load(Relaxed);
        if !woken && now & (COUNT | WORD) == count | WAITERS {
            // Fails if another thread has taken it since; then the marks are that one's to clear.
            let _ = self.state.compare_exchange(now, count, Relaxed, Relaxed);
        }
    }

    /// Whether the calling thread holds it.
    #[inline]
    pub fn is_mine(&self) -> bool {
        Thread::known().is_some_and(|thread| thread.id == self.owner())
    }

    /// Whether the calling thread, which holds `other`, holds it by the same memory, mapped once more.
    pub fn is_held_as(&self, other: &Self) -> bool {
        self.is_mine() && self.entry.is(&other.entry)
    }

    /// Whether its owner is a thread of this process.
    pub fn is_held_here(&self) -> bool {
        let (process, owner) = (std::process::id(), self.owner());
        // SAFETY: sends nothing, only asks. (0 is no thread.)
        owner != 0 && unsafe { libc::syscall(libc::SYS_tgkill, process, owner, 0) } == 0
    }

    /// The owner's thread id, 0 if there is none.
    #[inline]
    pub fn owner(&self) -> u32 {
        (self.state.load(Relaxed) & OWNER) as u32
    }

    /// The low half of `state`, for the kernel: the machine is little-endian.
    #[inline]
    fn word(&self) -> &Futex {
        // SAFETY: within `state`, aligned, and only ever changed by atomic operations.
        unsafe { &*self.state.as_ptr().cast() }
    }
}
