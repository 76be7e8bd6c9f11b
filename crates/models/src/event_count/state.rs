//! What the threads share, and where each of them is.

pub(super) const HAS_WAITERS: u32 = 1;
pub(super) const CLOSED: u32 = 2;
pub(super) const ONE: u32 = 4;
pub(super) const COUNT: u32 = !(ONE - 1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Adder,
    /// Waits while the watched part of the word stays.
    Waiter {
        watched: u32,
    },
    Acquirer,
    Closer,
}

/// A wait for another count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wait {
    pub(super) count: u32,
    pub(super) watched: u32,
    pub(super) in_time: bool,
}

/// What a thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum At {
    Idle,
    /// `add_one`: reads the word.
    Count,
    Add {
        seen: u32,
    },
    Wake,
    /// Only with a fault: the word is changed, the sleepers not yet woken.
    WakeLate,
    Unlock,
    /// `wait`: from the top of its loop.
    Look(Wait),
    Mark {
        wait: Wait,
        seen: u32,
    },
    Sleep {
        wait: Wait,
        expected: u32,
    },
    Asleep(Wait),
    Dead,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) word: u32,
    /// The adders' lock.
    pub(super) lock: Option<usize>,
    pub(super) threads: Vec<At>,
    /// Sleepers, longest first.
    pub(super) queue: Vec<usize>,
    /// What the count should be.
    pub(super) exact: u32,
    pub(super) kills: usize,
}

impl State {
    pub(super) fn new(threads: usize) -> Self {
        let threads = vec![At::Idle; threads];
        State { word: 0, lock: None, threads, queue: vec![], exact: 0, kills: 0 }
    }

    pub(super) fn wake_all(&mut self) {
        while !self.queue.is_empty() {
            self.wake_one();
        }
    }

    pub(super) fn wake_one(&mut self) {
        if !self.queue.is_empty() {
            let t = self.queue.remove(0);
            self.look_again(t, true);
        }
    }

    /// A sleeper goes on.
    pub(super) fn look_again(&mut self, t: usize, in_time: bool) {
        self.queue.retain(|&sleeper| sleeper != t);
        if let At::Asleep(wait) = self.threads[t] {
            self.threads[t] = At::Look(Wait { in_time, ..wait });
        }
    }

    pub(super) fn kill(&mut self, t: usize) {
        self.queue.retain(|&sleeper| sleeper != t);
        self.threads[t] = At::Dead;
        self.lock = self.lock.filter(|&owner| owner != t);
        self.kills += 1;
    }

    /// No thread goes on if none begins anew.
    pub(super) fn is_quiet(&self) -> bool {
        self.threads.iter().all(|at| matches!(at, At::Idle | At::Dead | At::Asleep(_)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Step(usize),
    TimeOut(usize),
    Signal(usize),
    Kill(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Two add at once.
    NoLock,
    AdderSeesNoMark,
    WakeApart,
    WakesOne,
    CloseWakesNone,
    SleeperLeavesNoMark,
    SleepsWithoutLook,
    TimedOutClearsMark,
}
