//! What the threads share, and where each of them is.

/// Counts of notifications wrap around here.
pub(super) const COUNTS: u8 = 4;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) owner: Option<usize>,
    pub(super) waits_since: u8,
    pub(super) notified: u8,
}

/// What a thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum At {
    Idle,
    Take,
    Note {
        slot: usize,
    },
    Release {
        slot: usize,
        before: u8,
    },
    Sleep {
        slot: usize,
        before: u8,
    },
    LockAgain {
        slot: usize,
        before: u8,
        timed_out: bool,
    },
    /// Looks at slot `n`, to notify up to `most`.
    Notify {
        n: usize,
        most: usize,
    },
    Add {
        n: usize,
        most: usize,
    },
    Unlock {
        notified_all: bool,
    },
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) at: At,
    /// Since it waits.
    pub(super) is_notified: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) lock: Option<usize>,
    pub(super) slots: Vec<Slot>,
    pub(super) threads: Vec<Thread>,
    pub(super) kills: usize,
    /// A notification was for a thread that had one, or for none.
    pub(super) is_wasted: bool,
    pub(super) has_lied: bool,
}

impl State {
    pub(super) fn new(threads: usize) -> Self {
        State {
            lock: None,
            slots: vec![Slot::default(); threads],
            threads: vec![Thread { at: At::Idle, is_notified: false }; threads],
            kills: 0,
            is_wasted: false,
            has_lied: false,
        }
    }

    /// Takes the lock. `None` if it is held.
    pub(super) fn enter(&mut self, t: usize, at: At) -> Option<()> {
        if self.lock.is_some() {
            return None;
        }
        self.lock = Some(t);
        self.threads[t].at = at;
        Some(())
    }

    pub(super) fn kill(&mut self, t: usize) {
        self.lock = self.lock.filter(|&owner| owner != t);
        for slot in &mut self.slots {
            slot.owner = slot.owner.filter(|&owner| owner != t);
        }
        self.threads[t].at = At::Dead;
        self.kills += 1;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Wait(usize),
    NotifyOne(usize),
    NotifyAll(usize),
    Step(usize),
    TimeOut(usize),
    Kill(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    NotedWithoutLock,
    SlotLeftWithoutLock,
    NotifiesTheDead,
    NotifiesTwice,
    TimeIsUpMeansNotNotified,
}
