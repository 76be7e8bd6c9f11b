//! What the threads share, and where each of them is.

use std::mem;

/// A thread's number.
pub(super) type Id = usize;

/// The mutex's `state`. Its count of takes is in [`Reading`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Mutex {
    pub(super) owner: Option<Id>,
    pub(super) owner_died: bool,
    pub(super) waiters: bool,
    pub(super) starving: bool,
}

impl Mutex {
    /// The same when a thread has taken it.
    pub(super) fn taken_by(self, t: Id) -> Mutex {
        Mutex { owner: Some(t), owner_died: false, ..self }
    }

    /// Whether the halves that the kernel compares are equal.
    pub(super) fn has_word_of(self, other: Mutex) -> bool {
        Mutex { starving: false, ..self } == Mutex { starving: false, ..other }
    }
}

/// What a thread has read of the mutex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reading {
    pub(super) of: Mutex,
    /// Whether the mutex has not been taken since: the count is the same.
    pub(super) is_current: bool,
}

/// What a thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum At {
    Idle,
    /// Fast path: the exchange.
    Fast(Reading),
    /// `take_in_turn`, from the top of its loop.
    Load,
    Take(Reading),
    Mark(Reading),
    Wait {
        expected: Mutex,
        is_free: bool,
    },
    Asleep {
        is_free: bool,
    },
    Link,
    Linked,
    /// And for how long.
    Holding {
        is_long: bool,
    },
    Unlink(Reading),
    Release(Reading),
    ReleaseAndWake {
        is_current: bool,
    },
    LoadAgain {
        is_current: bool,
    },
    Clear(Reading),
    /// Nothing is pending any more.
    Finish,
    Dying(Death),
    Dead,
}

impl At {
    pub(super) fn is_owner(self) -> bool {
        use At::*;
        matches!(self, Link | Linked | Holding { .. } | Unlink(_) | Release(_))
            || matches!(self, ReleaseAndWake { .. })
    }

    pub(super) fn is_locking(self) -> bool {
        use At::*;
        matches!(self, Fast(_) | Load | Take(_) | Mark(_) | Wait { .. } | Link | Linked)
    }

    /// The count in this thread's reading is out of date.
    fn is_overtaken(&mut self) {
        use At::*;
        match self {
            Fast(reading) | Take(reading) | Mark(reading) | Unlink(reading) | Release(reading)
            | Clear(reading) => reading.is_current = false,
            ReleaseAndWake { is_current } | LoadAgain { is_current } => *is_current = false,
            _ => {}
        }
    }
}

/// What the kernel does next for a dead thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Death {
    List,
    Pending,
    WakeForList,
    WakeForPending,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) at: At,
    /// What its list of held mutexes says.
    pub(super) is_listed: bool,
    pub(super) is_pending: bool,
    /// Its deadline is now.
    pub(super) only_tries: bool,
    pub(super) was_woken: bool,
    /// A millisecond of waiting has passed.
    pub(super) starves: bool,
}

impl Thread {
    /// It goes on only if something happens to it, or if it begins anew.
    pub(super) fn is_at_rest(&self) -> bool {
        matches!(self.at, At::Idle | At::Dead | At::Asleep { .. })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) mutex: Mutex,
    pub(super) threads: Vec<Thread>,
    /// Sleepers, longest first.
    pub(super) queue: Vec<Id>,
    /// For how many long turns thread 0 has waited since it starves.
    pub(super) turns: usize,
    pub(super) kills: usize,
}

impl State {
    pub(super) fn new(threads: usize) -> Self {
        let thread = Thread {
            at: At::Idle,
            is_listed: false,
            is_pending: false,
            only_tries: false,
            was_woken: false,
            starves: false,
        };
        State {
            mutex: Mutex::default(),
            threads: vec![thread; threads],
            queue: vec![],
            turns: 0,
            kills: 0,
        }
    }

    /// The thread has the mutex, has given it back, or waits for it no more.
    pub(super) fn end_of_wait(&mut self, t: Id) {
        let thread = &mut self.threads[t];
        (thread.only_tries, thread.was_woken, thread.starves) = (false, false, false);
        if t == 0 {
            self.turns = 0;
        }
    }

    pub(super) fn reading(&self) -> Reading {
        Reading { of: self.mutex, is_current: true }
    }

    /// Compare and exchange.
    pub(super) fn change(&mut self, from: Reading, to: Mutex) -> bool {
        let is_so = from.is_current && from.of == self.mutex;
        if is_so {
            self.mutex = to;
        }
        is_so
    }

    /// Compare and exchange that takes it.
    pub(super) fn take(&mut self, t: Id, from: Reading, to: Mutex) -> bool {
        let is_so = self.change(from, to.taken_by(t));
        if is_so {
            self.threads.iter_mut().for_each(|thread| thread.at.is_overtaken());
        }
        is_so
    }

    /// The kernel wakes the one that has slept longest.
    pub(super) fn wake_one(&mut self) -> bool {
        if self.queue.is_empty() {
            return false;
        }
        let t = self.queue.remove(0);
        self.threads[t].at = At::Load;
        self.threads[t].was_woken = true;
        true
    }

    /// A sleeper goes on without having been woken.
    pub(super) fn leave_queue(&mut self, t: Id) {
        self.queue.retain(|&sleeper| sleeper != t);
        self.threads[t].at = At::Load;
    }

    /// No thread goes on, and the mutex is not held.
    pub(super) fn is_quiet(&self) -> bool {
        self.threads
            .iter()
            .all(|t| matches!(t.at, At::Idle | At::Dead | At::Asleep { is_free: false }))
    }

    /// All threads but the owner have come as far as they can.
    pub(super) fn is_settled(&self) -> bool {
        let is_at_rest = |t: &Thread| t.is_at_rest() || matches!(t.at, At::Holding { .. });
        self.threads.iter().all(is_at_rest)
    }

    /// A millisecond passes. If a thread has the mutex, its turn is a long one.
    pub(super) fn pass_a_millisecond(&mut self, bound: usize) {
        let owner = self.threads.iter_mut().find(|t| matches!(t.at, At::Holding { .. }));
        let is_news = owner.is_some_and(|owner| {
            mem::replace(&mut owner.at, At::Holding { is_long: true }) != owner.at
        });
        if is_news && self.threads[0].starves {
            self.turns = (self.turns + 1).min(bound + 1);
        }
        for t in 0..self.threads.len() {
            if let At::Asleep { is_free } = self.threads[t].at {
                self.threads[t].starves = true;
                if is_free {
                    self.leave_queue(t);
                }
            }
        }
    }
}
