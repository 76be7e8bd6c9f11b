//! `Event`.

use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use loom::sync::atomic::fence;

use super::futex::Futex;
use super::{Fault, Faults};

const SET: u32 = 1;

pub(super) struct Event {
    futex: Futex,
    faults: Faults,
}

impl Event {
    /// One that is set.
    pub(super) fn new_set(faults: Faults) -> Self {
        Event { futex: Futex::new(SET, faults), faults }
    }

    pub(super) fn set(&self) {
        if !self.faults.has(Fault::NoFenceInSet) {
            fence(SeqCst);
        }
        if self.futex.word.load(Acquire) & SET == 0 {
            self.futex.change_and_wake(|word| word.fetch_or(SET, Relaxed));
        }
    }

    pub(super) fn clear(&self) {
        let word = self.futex.word.load(Relaxed);
        if word & SET != 0 {
            let cleared = word.wrapping_add(SET);
            let _ = self.futex.word.compare_exchange(word, cleared, Release, Relaxed);
        }
        if !self.faults.has(Fault::NoFenceInClear) {
            fence(SeqCst);
        }
    }

    pub(super) fn wait(&self) {
        let seen = self.futex.word.load(Acquire);
        let was_set = || seen & SET != 0 || self.futex.word.load(Acquire) != seen;
        while !was_set() {
            self.futex.wait(seen);
        }
    }
}
