//! The slots of a barrier: `ipc-sync/src/barrier`, `waiter_slots.rs`.
//!
//! Each thread waits at the barrier or resets it, for some rounds; its time may be up, and it may be
//! killed at each step. As in the model of the condition, what the holder of the lock alone uses is one
//! step, and so is each change that a death may leave half-done: the mark in one slot, the mark of the
//! barrier, the round's end.
//!
//! Not modelled: the robust mutexes (a dead owner's are free at once, and the next owner of the lock is
//! told) and the sleep (a thread takes no step until the round has ended or its time is up).
//!
//! If you change what `wait_until`, `act` and `break_up` do in which order, change it here.

mod break_up;
mod state;
mod tests;

use stateright::{Model, Property};

use state::{Action, At, Fault, State, Then, Waits};

struct Barrier {
    threads: usize,
    parties: usize,
    rounds: u8,
    kills: usize,
    /// Whether all come with an action, which may fail.
    acts: bool,
    fault: Option<Fault>,
}

impl Model for Barrier {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.threads, self.rounds)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (t, &at) in state.threads.iter().enumerate() {
            match at {
                At::Dead => continue,
                At::Idle => actions.extend([Action::Wait(t), Action::Reset(t)]),
                At::Sleep { .. } => actions.extend([Action::Step(t), Action::TimeOut(t)]),
                At::Act { at } if at > state.slots.len() => {
                    actions.extend([Action::Step(t), Action::Fail(t)]);
                }
                _ => actions.push(Action::Step(t)),
            }
            if state.kills < self.kills && at != At::Idle {
                actions.push(Action::Kill(t));
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Wait(t) | Action::Reset(t) => {
                if state.round >= self.rounds {
                    return None;
                }
                let is_late = state.has_dead_party;
                let then = match action {
                    Action::Reset(_) => Then::Reset,
                    _ => Then::Arrive { is_late },
                };
                state.threads[t] = self.enter(&mut state, t, then)?;
            }
            Action::Step(t) => state.threads[t] = self.step(&mut state, t)?,
            Action::TimeOut(t) => {
                let At::Sleep { slot, round } = state.threads[t] else { return None };
                state.threads[t] = At::TimeIsUp { slot, round };
            }
            Action::Fail(t) => state.threads[t] = self.break_up(true, Then::Unlock),
            Action::Kill(t) => state.kill(t),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("all parties pass, or none does", |_, state: &State| !state.is_split),
            Property::always("a dead party breaks the round for the next", |_, state: &State| {
                !state.has_missed_death
            }),
            Property::always("a time-out breaks its own round", |_, state: &State| {
                !state.has_broken_another
            }),
            Property::always("no party waits at a broken barrier", |_, state: &State| {
                let is_settled = state.lock.is_none() && !state.owner_died;
                let waits =
                    |at: &At| matches!(at, At::Sleep { round, .. } if *round == state.round);
                !state.is_broken || !is_settled || !state.threads.iter().any(waits)
            }),
            Property::always("no mark of an action is left", |_, state: &State| {
                let is_settled = state.lock.is_none() && !state.owner_died;
                let is_left =
                    |slot: &state::Slot| slot.owner.is_some() && slot.waits == Waits::Acting;
                !is_settled || !state.slots.iter().any(is_left)
            }),
            Property::sometimes("a round ends", |_, state: &State| state.completed.contains(&true)),
        ]
    }
}

impl Barrier {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Takes the lock. `None` if it is held.
    fn enter(&self, state: &mut State, t: usize, then: Then) -> Option<At> {
        if state.lock.is_some() {
            return None;
        }
        state.lock = Some(t);
        let owner_died = std::mem::take(&mut state.owner_died);
        Some(match owner_died && !self.has(Fault::DeathWithTheLockIsIgnored) {
            true => self.break_up(true, then),
            false => At::Locked(then),
        })
    }

    /// What a thread does next, after one step. `None` if it cannot take it now.
    fn step(&self, state: &mut State, t: usize) -> Option<At> {
        Some(match state.threads[t] {
            At::Locked(then) => self.with_lock(state, then),
            At::Break { at, broken, then } => self.break_step(state, at, broken, then),
            At::Arrive { is_late } => self.arrive(state, is_late),
            At::Take { is_late } => {
                let slot = state.slots.iter().position(|slot| slot.owner.is_none());
                let slot = slot.expect("there are as many as threads");
                state.slots[slot].owner = Some(t);
                At::Note { slot, is_late }
            }
            At::Note { slot, is_late } => self.note(state, slot, is_late),
            At::Release { slot, round } => {
                state.lock = None;
                At::Sleep { slot, round }
            }
            At::Act { at } => self.act_step(state, at),
            At::Pass { at, broken } => self.pass_step(state, at, broken),
            At::Sleep { slot, round } if state.round != round => At::Wake { slot, round },
            At::Unlock => {
                state.lock = None;
                At::Idle
            }
            At::Idle | At::Sleep { .. } | At::Dead => return None,
            at @ (At::Wake { .. }
            | At::TimeIsUp { .. }
            | At::ReleaseLate { .. }
            | At::Leave { .. }
            | At::Free { .. }) => return self.leave(state, t, at),
        })
    }

    /// The party waits from now on.
    fn note(&self, state: &mut State, slot: usize, is_late: bool) -> At {
        state.has_missed_death |= is_late;
        let before = state.arrived().count();
        state.high_water = state.high_water.max(slot + 1);
        state.slots[slot].waits = Waits::For(state.round);
        let is_dead_partys = state.arrived().count() == before;
        match is_dead_partys && !self.has(Fault::SlotOfTheDeadIsTaken) {
            true => self.break_up(true, Then::Release { slot, round: state.round }),
            false => At::Release { slot, round: state.round },
        }
    }

    /// What a party does when it is awake again.
    fn leave(&self, state: &mut State, t: usize, at: At) -> Option<At> {
        Some(match at {
            At::Wake { slot, round } if state.slots[slot].waits == Waits::Acting => {
                self.enter(state, t, Then::LeaveLate { slot, round })?
            }
            At::Wake { slot, round } => At::Leave { slot, round },
            At::TimeIsUp { slot, round } => self.enter(state, t, Then::Late { slot, round })?,
            At::ReleaseLate { slot, round } => {
                state.lock = None;
                At::Leave { slot, round }
            }
            At::Leave { slot, round } => {
                let is_broken = state.slots[slot].waits == Waits::Broken;
                state.is_split |= is_broken == state.completed[usize::from(round)];
                state.slots[slot].waits = Waits::ForNone;
                At::Free { slot }
            }
            At::Free { slot } => {
                state.slots[slot].owner = None;
                At::Idle
            }
            at => unreachable!("{at:?} is no step of leaving"),
        })
    }

    /// The first thing that is done with the lock, when the barrier is whole or marked as broken.
    fn with_lock(&self, state: &mut State, then: Then) -> At {
        match then {
            Then::Reset => self.break_up(false, Then::Unlock),
            Then::Unlock => At::Unlock,
            Then::Late { slot, round } => {
                let is_same = state.round == round;
                match is_same || self.has(Fault::TimeIsUpForAnyRound) {
                    true => {
                        state.has_broken_another |= !is_same;
                        self.break_up(true, Then::LeaveLate { slot, round })
                    }
                    false => At::ReleaseLate { slot, round },
                }
            }
            Then::Release { slot, round } => At::Release { slot, round },
            Then::LeaveLate { slot, round } => At::ReleaseLate { slot, round },
            Then::Arrive { .. } if state.round >= self.rounds => At::Unlock,
            Then::Arrive { is_late } => {
                let has_died = state.arrived().any(|slot| slot.owner.is_none());
                match has_died && !self.has(Fault::DeadPartiesCount) {
                    true => self.break_up(true, Then::Unlock),
                    false => At::Arrive { is_late },
                }
            }
        }
    }

    fn arrive(&self, state: &mut State, is_late: bool) -> At {
        if state.is_broken {
            return At::Unlock;
        }
        if state.arrived().count() + 1 < self.parties {
            return At::Take { is_late };
        }
        state.has_missed_death |= is_late;
        if self.acts {
            return At::Act { at: 0 };
        }
        state.completed[usize::from(state.round)] = true;
        state.next_round();
        At::Unlock
    }
}
