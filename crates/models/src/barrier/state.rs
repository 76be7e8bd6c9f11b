//! What the threads share, and where each of them is.

/// What a slot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Waits {
    For(u8),
    Acting,
    Broken,
    ForNone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) owner: Option<usize>,
    pub(super) waits: Waits,
}

/// What the holder of the lock has come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Then {
    /// `is_late`: a party had died before.
    Arrive {
        is_late: bool,
    },
    Late {
        slot: usize,
        round: u8,
    },
    LeaveLate {
        slot: usize,
        round: u8,
    },
    Release {
        slot: usize,
        round: u8,
    },
    Reset,
    Unlock,
}

/// What a thread does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum At {
    Idle,
    Locked(Then),
    Break {
        at: usize,
        broken: bool,
        then: Then,
    },
    Arrive {
        is_late: bool,
    },
    Take {
        is_late: bool,
    },
    Note {
        slot: usize,
        is_late: bool,
    },
    Release {
        slot: usize,
        round: u8,
    },
    /// The last party's action: marks, the round's end, the action itself.
    Act {
        at: usize,
    },
    /// Lets the parties of an action pass, then goes on to break the barrier or unlocks it.
    Pass {
        at: usize,
        broken: Option<(bool, Then)>,
    },
    Sleep {
        slot: usize,
        round: u8,
    },
    /// Awake, when the round has ended.
    Wake {
        slot: usize,
        round: u8,
    },
    TimeIsUp {
        slot: usize,
        round: u8,
    },
    ReleaseLate {
        slot: usize,
        round: u8,
    },
    Leave {
        slot: usize,
        round: u8,
    },
    Free {
        slot: usize,
    },
    Unlock,
    Dead,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) lock: Option<usize>,
    pub(super) owner_died: bool,
    pub(super) round: u8,
    pub(super) is_broken: bool,
    /// An action has succeeded whose parties still have its mark.
    pub(super) is_done: bool,
    pub(super) high_water: usize,
    pub(super) slots: Vec<Slot>,
    pub(super) threads: Vec<At>,
    pub(super) kills: usize,
    /// A party has died while it waited in this round.
    pub(super) has_dead_party: bool,
    /// The rounds that all parties have passed.
    pub(super) completed: Vec<bool>,
    pub(super) is_split: bool,
    pub(super) has_missed_death: bool,
    pub(super) has_broken_another: bool,
    /// Only with a fault.
    pub(super) old_round: u8,
}

impl State {
    pub(super) fn new(threads: usize, rounds: u8) -> Self {
        State {
            lock: None,
            owner_died: false,
            round: 0,
            is_broken: false,
            is_done: false,
            high_water: 0,
            slots: vec![Slot { owner: None, waits: Waits::For(0) }; threads], // zeroed memory
            threads: vec![At::Idle; threads],
            kills: 0,
            has_dead_party: false,
            completed: vec![false; usize::from(rounds) + threads],
            is_split: false,
            has_missed_death: false,
            has_broken_another: false,
            old_round: 0,
        }
    }

    /// The slots of the parties that wait in this round, though they may have died since.
    pub(super) fn arrived(&self) -> impl Iterator<Item = &Slot> {
        let used = self.slots.iter().take(self.high_water);
        used.filter(|slot| slot.waits == Waits::For(self.round))
    }

    pub(super) fn next_round(&mut self) {
        self.round += 1;
        self.has_dead_party = false;
    }

    pub(super) fn kill(&mut self, t: usize) {
        if self.lock == Some(t) {
            (self.lock, self.owner_died) = (None, true);
        }
        let round = self.round;
        for slot in self.slots.iter_mut().filter(|slot| slot.owner == Some(t)) {
            slot.owner = None;
            self.has_dead_party |= slot.waits == Waits::For(round);
        }
        self.threads[t] = At::Dead;
        self.kills += 1;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Wait(usize),
    Reset(usize),
    Step(usize),
    TimeOut(usize),
    /// Its action fails.
    Fail(usize),
    Kill(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    DeadPartiesCount,
    DeathWithTheLockIsIgnored,
    RoundEndsBeforeMarks,
    TimeIsUpForAnyRound,
    SlotOfTheDeadIsTaken,
    SuccessIsNotNoted,
    MarksOfAnActionComeAfterTheRound,
    MarksOfAnActionAreNotBroken,
}
