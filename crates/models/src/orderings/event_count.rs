//! `EventCount`, and the cursors that the ring keeps beside one.

use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicU32, fence};

use super::futex::Futex;
use super::{Fault, Faults};

const HAS_WAITERS: u32 = 1;
const ONE: u32 = 4;
const COUNT: u32 = !(ONE - 1);

pub(super) struct EventCount {
    futex: Futex,
    faults: Faults,
}

impl EventCount {
    pub(super) fn new(faults: Faults) -> Self {
        EventCount { futex: Futex::new(0, faults), faults }
    }

    /// How many events there were.
    pub(super) fn count(&self) -> u32 {
        self.load() / ONE
    }

    pub(super) fn add_one(&self) {
        let release = if self.faults.has(Fault::RelaxedAdd) { Relaxed } else { Release };
        let mut word = self.futex.word.load(Relaxed);
        while word & HAS_WAITERS == 0 {
            match self.futex.word.compare_exchange(word, word + ONE, release, Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
        self.futex.change_and_wake(|word| word.fetch_add(ONE - HAS_WAITERS, Relaxed));
    }

    /// Waits while there were `count` events.
    pub(super) fn wait_while(&self, count: u32) {
        loop {
            let word = self.load();
            if word & COUNT != count * ONE {
                return;
            }
            let marked = word | HAS_WAITERS;
            let exchange = |from| self.futex.word.compare_exchange(from, marked, Relaxed, Relaxed);
            if word == marked || exchange(word).is_ok() {
                self.futex.wait(marked);
            }
        }
    }

    fn load(&self) -> u32 {
        let acquire = if self.faults.has(Fault::RelaxedCount) { Relaxed } else { Acquire };
        self.futex.word.load(acquire)
    }
}

/// The consumers' cursor: two copies of two numbers, each with the count at which it is valid.
pub(super) struct Cursor {
    pub(super) taken: EventCount,
    valid_at: [AtomicU32; 2],
    copies: [[AtomicU32; 2]; 2],
    faults: Faults,
}

impl Cursor {
    pub(super) fn new(faults: Faults) -> Self {
        let copies = [(); 2].map(|()| [(); 2].map(|()| AtomicU32::new(0)));
        let valid_at = [(); 2].map(|()| AtomicU32::new(0));
        Cursor { taken: EventCount::new(faults), valid_at, copies, faults }
    }

    /// The end of `First::take`, of one item: the cursor after `count` items is twice that number.
    pub(super) fn commit(&self, count: u32) {
        if !self.faults.has(Fault::NoFenceInCommit) {
            fence(Release);
        }
        let place = 1 - self.place(count - 1);
        self.valid_at[place].store(count, Relaxed);
        self.copies[place].iter().for_each(|half| half.store(count, Relaxed));
        self.taken.add_one();
    }

    fn place(&self, count: u32) -> usize {
        usize::from(self.valid_at[0].load(Relaxed) != count)
    }

    /// `Ring::refresh_seen_cursor`: the count, and the cursor at it.
    pub(super) fn refresh(&self) -> (u32, [u32; 2]) {
        loop {
            let count = self.taken.count();
            let copy = &self.copies[self.place(count)];
            let cursor = copy.each_ref().map(|half| half.load(Relaxed));
            if !self.faults.has(Fault::NoFenceInRefresh) {
                fence(Acquire);
            }
            if self.taken.count() == count {
                return (count, cursor);
            }
        }
    }
}
