//! [`EventCount`]: a count in shared memory that can be slept on.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, fence};

use bytemuck::Zeroable;

use ipc_memory::{Change, Deadline, Futex, Waited, Wake, spin_until};

/// Counts events, such as the items that one side of a ring has put or taken. Two marks stand below
/// the count: a thread sleeps until it changes; what is counted is closed.
#[derive(Debug, Zeroable)]
#[repr(C, align(128))]
pub struct EventCount(Futex);

const HAS_WAITERS: u32 = 1;
const CLOSED: u32 = 1 << CLOSED_BIT;
const CLOSED_BIT: u16 = 1;
const ONE: u32 = 4;
const COUNT: u32 = !(ONE - 1);

/// A reading of an [`EventCount`]. It wraps around after 2³⁰ events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count(u32);

impl Count {
    /// More events than this are not told apart from fewer.
    pub const HALF_RANGE: u32 = 1 << 29;

    /// How many events have come between an earlier reading and this one.
    #[inline]
    pub fn since(self, earlier: Count) -> u32 {
        self.0.wrapping_sub(earlier.0) / ONE
    }

    /// Whether more events have come at this reading than at the other.
    #[inline]
    pub fn is_after(self, other: Count) -> bool {
        self.0.wrapping_sub(other.0).cast_signed() > 0
    }

    /// The reading after one more event.
    #[inline]
    pub fn next(self) -> Count {
        self.after(1)
    }

    /// The reading after this number of events more.
    #[inline]
    pub fn after(self, events: u32) -> Count {
        Count(self.0.wrapping_add(events.wrapping_mul(ONE)))
    }

    /// The reading as a number below 2³⁰.
    #[inline]
    pub fn number(self) -> u32 {
        self.0 / ONE
    }

    /// The reverse of [`number`](Count::number).
    #[inline]
    pub fn from_number(number: u32) -> Count {
        Count(number * ONE)
    }
}

/// A reading that is kept in shared memory.
#[derive(Debug, Zeroable)]
#[repr(transparent)]
pub struct AtomicCount(AtomicU32);

impl AtomicCount {
    /// The reading.
    #[inline]
    pub fn load(&self) -> Count {
        Count(self.0.load(Relaxed))
    }

    /// Keeps another.
    #[inline]
    pub fn store(&self, count: Count) {
        self.0.store(count.0, Relaxed);
    }
}

impl EventCount {
    /// No more events than these are counted at once: the kernel adds 2047 at most.
    pub const MOST_AT_ONCE: u32 = 2047 / ONE;

    /// How many events there were.
    #[inline]
    pub fn count(&self) -> Count {
        Count(self.0.load(Acquire) & COUNT)
    }

    /// By how much this count is ahead of `other`, which never overtakes it; exact at one moment
    /// during the call.
    pub fn ahead_of(&self, other: &EventCount) -> u32 {
        let mut before = other.count();
        loop {
            let ahead = self.count().since(before);
            fence(Acquire);
            match other.count() {
                now if now == before => return ahead,
                now => before = now,
            }
        }
    }

    /// Sets the count, before it is used.
    pub fn start_with(&self, number: u32) {
        self.0.store(Count::from_number(number).0, Release);
    }

    /// Where the count is a number of permits: takes one away if there is one.
    pub fn take_one(&self) -> bool {
        let less = |word: u32| (word & COUNT != 0).then(|| word - ONE);
        self.0.fetch_update(Acquire, Relaxed, less).is_ok()
    }

    /// Counts one event; everything done before is visible to a thread that sees it. Caller holds
    /// the lock that goes with the count.
    #[inline]
    pub fn add_one(&self) {
        self.add(1);
    }

    /// Counts several events as one step; at most [`MOST_AT_ONCE`](Self::MOST_AT_ONCE).
    #[inline]
    pub fn add(&self, events: u32) {
        debug_assert!((1..=Self::MOST_AT_ONCE).contains(&events));
        let added = events * ONE;
        let mut word = self.0.load(Relaxed);
        while word & HAS_WAITERS == 0 {
            let more = word.wrapping_add(added);
            match self.0.compare_exchange_weak(word, more, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
        // More by these and the mark gone: only the holder of the lock takes the mark away.
        self.0.change_and_wake(Change::Add((added - HAS_WAITERS) as u16), Wake::All);
    }

    /// Waits while the count is `count` and not closed; `false` if it still is when the deadline
    /// passes.
    pub fn wait_while(&self, count: Count, deadline: Deadline) -> bool {
        self.wait(count, !HAS_WAITERS, deadline)
    }

    /// The same, but whether it is closed does not matter.
    pub fn wait_for_more(&self, count: Count, deadline: Deadline) -> bool {
        self.wait(count, COUNT, deadline)
    }

    fn wait(&self, count: Count, watched: u32, deadline: Deadline) -> bool {
        let has_changed = || self.0.load(Acquire) & watched != count.0;
        if deadline == Deadline::NOW {
            return has_changed();
        }
        if spin_until(has_changed) {
            return true; // though it may have changed back since
        }
        let mut in_time = true;
        loop {
            let word = self.0.load(Acquire);
            if word & watched != count.0 {
                return true;
            }
            if !in_time {
                return false; // a mark that stays costs the next add_one a system call
            }
            let marked = word | HAS_WAITERS;
            if word == marked || self.0.compare_exchange(word, marked, Relaxed, Relaxed).is_ok() {
                in_time = self.0.wait(marked, deadline) != Waited::TimedOut;
            }
        }
    }

    /// Whether it is closed.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.0.load(Relaxed) & CLOSED != 0
    }

    /// Marks it closed, and wakes all sleepers.
    pub fn close(&self) {
        self.0.change_and_wake(Change::WithBit(CLOSED_BIT), Wake::All);
    }
}
