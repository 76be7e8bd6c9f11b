//! [`Counter`]: a count in shared memory that can be slept on.

use std::hint;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, fence};
use std::thread;

use crate::deadline::Deadline;
use crate::memory::{Change, futex_change_and_wake, futex_wait};

/// How often to look again before going to sleep, which costs much more: at first with a pause
/// between, since a look takes the memory away from who is about to change it, and then with a turn
/// for others, since it may be this processor that he waits for.
const LOOKS: u32 = 30;
const PAUSES: u32 = 8;
const TURNS: u32 = 5;

/// How many items a side of a ring has put or taken in all, or what else is counted, with two marks:
/// somebody sleeps until the count changes; the ring is closed.
#[repr(C, align(128))]
pub(crate) struct Counter(AtomicU32);

const ASLEEP: u32 = 1;
const CLOSED: u32 = 1 << CLOSED_BIT;
const CLOSED_BIT: i32 = 1;
pub(crate) const ONE: u32 = 4;
const COUNT: u32 = !(ONE - 1);

impl Counter {
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Acquire) & COUNT
    }

    /// By how much this count is ahead of `other`, which never overtakes it; exact at one moment
    /// during the call.
    pub(crate) fn ahead_of(&self, other: &Counter) -> u32 {
        let mut before = other.count();
        loop {
            let ahead = self.count().wrapping_sub(before) / ONE;
            fence(Acquire);
            match other.count() {
                now if now == before => return ahead,
                now => before = now,
            }
        }
    }

    /// For a counter of permits, before it is used.
    pub(crate) fn start_with(&self, count: u32) {
        self.0.store(count * ONE, Release);
    }

    /// For a counter of permits: takes one away if there is one.
    pub(crate) fn take_one(&self) -> bool {
        let less = |word: u32| (word & COUNT != 0).then(|| word - ONE);
        self.0.fetch_update(Acquire, Relaxed, less).is_ok()
    }

    /// The step after which all that was done before is visible. For the holder of the lock that
    /// goes with the counter.
    pub(crate) fn add_one(&self) {
        let mut word = self.0.load(Relaxed);
        while word & ASLEEP == 0 {
            let more = word.wrapping_add(ONE);
            match self.0.compare_exchange_weak(word, more, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
        // One more and no mark: nobody but we, who have the lock, takes the mark away.
        let change = Change::By((ONE - ASLEEP) as i32);
        // SAFETY: the counter is in shared memory and only used through atomics.
        unsafe { futex_change_and_wake(self.0.as_ptr(), change, i32::MAX) };
    }

    /// Waits while the count is `count` and the ring not closed; `false` if it still is when the
    /// deadline passes.
    pub(crate) fn wait_while(&self, count: u32, deadline: Deadline) -> bool {
        self.wait(count, !ASLEEP, deadline)
    }

    /// The same, but whether it is closed does not matter.
    pub(crate) fn wait_for_more(&self, count: u32, deadline: Deadline) -> bool {
        self.wait(count, COUNT, deadline)
    }

    fn wait(&self, count: u32, watched: u32, deadline: Deadline) -> bool {
        let has_changed = || self.0.load(Acquire) & watched != count;
        if deadline == Deadline::NOW {
            return has_changed();
        }
        if soon(has_changed) {
            return true; // though it may have changed back since
        }
        let mut in_time = true;
        loop {
            let word = self.0.load(Acquire);
            if word & watched != count {
                return true;
            }
            if !in_time {
                return false; // a mark that stays costs the next add_one a system call
            }
            let marked = word | ASLEEP;
            if word == marked || self.0.compare_exchange(word, marked, Relaxed, Relaxed).is_ok() {
                // SAFETY: the counter is in shared memory.
                in_time = unsafe { futex_wait(self.0.as_ptr(), marked, deadline) };
            }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.load(Relaxed) & CLOSED != 0
    }

    /// Marks it closed, and wakes who sleeps.
    pub(crate) fn close(&self) {
        // SAFETY: as in `add_one`.
        unsafe { futex_change_and_wake(self.0.as_ptr(), Change::WithBit(CLOSED_BIT), i32::MAX) };
    }
}

/// Looks for a moment whether it is so, as one does before going to sleep.
pub(crate) fn soon(is_so: impl Fn() -> bool) -> bool {
    for look in 0..LOOKS + TURNS {
        if is_so() {
            return true;
        }
        match look {
            ..LOOKS => (0..PAUSES).for_each(|_| hint::spin_loop()),
            _ => thread::yield_now(),
        }
    }
    false
}
