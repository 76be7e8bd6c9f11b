//! A futex: `ipc-memory/src/waiting/futex.rs`, and the kernel below it.

use loom::sync::atomic::Ordering::{Relaxed, Release};
use loom::sync::atomic::{AtomicU32, fence};
use loom::sync::{Condvar, Mutex};

use super::{Fault, Faults};

pub(super) struct Futex {
    pub(super) word: AtomicU32,
    /// The kernel's lock on the word's queue. It also orders memory, for those alone that sleep or wake.
    queue: Mutex<()>,
    woken: Condvar,
    faults: Faults,
}

impl Futex {
    pub(super) fn new(word: u32, faults: Faults) -> Self {
        let (queue, woken) = (Mutex::new(()), Condvar::new());
        Futex { word: AtomicU32::new(word), queue, woken, faults }
    }

    /// Sleeps while the word is `expected`, until a wake.
    pub(super) fn wait(&self, expected: u32) {
        let queue = self.queue.lock().expect("no thread panics");
        // The kernel sees the word as it is: an exchange does so, too.
        if self.word.fetch_add(0, Relaxed) == expected {
            drop(self.woken.wait(queue).expect("no thread panics"));
        }
    }

    /// Changes the word and wakes all sleepers.
    pub(super) fn change_and_wake(&self, change: impl Fn(&AtomicU32) -> u32) {
        if !self.faults.has(Fault::NoFenceBeforeWake) {
            fence(Release);
        }
        let queue = self.queue.lock().expect("no thread panics");
        change(&self.word);
        self.woken.notify_all();
        drop(queue);
    }
}
