//! The slots of a condition: `ipc-sync/src/waiter_slots.rs`, `condition.rs`.
//!
//! Each thread waits, notifies one, or notifies all, again and again; its time may be up, and it may be
//! killed at each step. What the holder of the condition's lock alone uses is one step; what the
//! kernel or a thread without the lock may change in between (a dead waiter's slot becomes free, a
//! waiter's time is up) is a step of its own.
//!
//! Not modelled: the lock and the slots' mutexes, which are robust mutexes (a dead owner's are free at
//! once); the sleep, which is that of an event count (a thread takes no step until its slot was notified
//! or its time is up). The counts of notifications are kept small: at most one comes in a wait.
//!
//! If you change what `wait_until` and `notify` do in which order, change it here.

mod state;
mod tests;

use stateright::{Model, Property};

use state::{Action, At, COUNTS, Fault, Slot, State};

struct Condition {
    threads: usize,
    kills: usize,
    fault: Option<Fault>,
}

impl Model for Condition {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.threads)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (t, thread) in state.threads.iter().enumerate() {
            match thread.at {
                At::Dead => continue,
                At::Idle => {
                    actions.extend([Action::Wait(t), Action::NotifyOne(t), Action::NotifyAll(t)]);
                }
                At::Sleep { .. } => actions.extend([Action::Step(t), Action::TimeOut(t)]),
                _ => actions.push(Action::Step(t)),
            }
            if state.kills < self.kills && thread.at != At::Idle {
                actions.push(Action::Kill(t));
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Wait(t) => state.enter(t, At::Take)?,
            Action::NotifyOne(t) => state.enter(t, At::Notify { n: 0, most: 1 })?,
            Action::NotifyAll(t) => {
                let all = At::Notify { n: 0, most: self.threads };
                state.enter(t, all)?;
            }
            Action::Step(t) => state.threads[t].at = self.step(&mut state, t)?,
            Action::TimeOut(t) => {
                let At::Sleep { slot, before } = state.threads[t].at else { return None };
                state.threads[t].at = At::LockAgain { slot, before, timed_out: true };
                if self.has(Fault::SlotLeftWithoutLock) {
                    state.slots[slot].owner = None;
                }
            }
            Action::Kill(t) => state.kill(t),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a notification is for a thread that waits", |_, state: &State| {
                !state.is_wasted
            }),
            Property::always("a wait returns what is true", |_, state: &State| !state.has_lied),
            Property::always("notify_all leaves none", |_, state: &State| {
                let is_done = |at: &At| matches!(at, At::Unlock { notified_all: true });
                let is_left = |at: &At| matches!(at, At::Sleep { .. });
                !state.threads.iter().any(|thread| is_done(&thread.at))
                    || !state
                        .threads
                        .iter()
                        .any(|thread| is_left(&thread.at) && !thread.is_notified)
            }),
            Property::sometimes("a dead thread was notified", |_, state: &State| {
                state.threads.iter().any(|thread| thread.at == At::Dead && thread.is_notified)
            }),
        ]
    }
}

impl Condition {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// What a thread does next, after one step. `None` if it cannot take it now.
    fn step(&self, state: &mut State, t: usize) -> Option<At> {
        Some(match state.threads[t].at {
            At::Take => self.take(state, t),
            At::Note { slot } => {
                let before = state.slots[slot].notified;
                state.slots[slot].waits_since = before;
                match state.lock == Some(t) {
                    true => At::Release { slot, before },
                    false => At::Sleep { slot, before }, // only with a fault
                }
            }
            At::Release { slot, before } => {
                state.lock = None;
                state.threads[t].is_notified = false;
                match self.has(Fault::NotedWithoutLock) {
                    true => At::Note { slot },
                    false => At::Sleep { slot, before },
                }
            }
            At::Sleep { slot, before } if state.slots[slot].notified != before => {
                At::LockAgain { slot, before, timed_out: false }
            }
            At::LockAgain { slot, before, timed_out } if state.lock.is_none() => {
                state.lock = Some(t);
                self.wake_up(state, t, slot, before, timed_out)
            }
            At::Sleep { .. } | At::LockAgain { .. } => return None,
            At::Notify { n, most } => self.notify(state, n, most),
            At::Add { n, most } => {
                add(state, n);
                At::Notify { n: n + 1, most: most - 1 }
            }
            At::Unlock { .. } => {
                state.lock = None;
                At::Idle
            }
            at => unreachable!("{at:?} is no step"),
        })
    }

    /// The beginning of `wait_until`.
    fn take(&self, state: &mut State, t: usize) -> At {
        let slot = state.slots.iter().position(|slot| slot.owner.is_none());
        let slot = slot.expect("there are as many as threads");
        state.slots[slot].owner = Some(t);
        match self.has(Fault::NotedWithoutLock) {
            true => At::Release { slot, before: state.slots[slot].notified },
            false => At::Note { slot },
        }
    }

    /// The end of `wait_until`, with the lock.
    fn wake_up(&self, state: &mut State, t: usize, slot: usize, before: u8, late: bool) -> At {
        let result = match self.has(Fault::TimeIsUpMeansNotNotified) {
            true => !late,
            false => state.slots[slot].notified != before,
        };
        state.has_lied |= result != state.threads[t].is_notified;
        if state.slots[slot].owner == Some(t) {
            state.slots[slot].owner = None;
        }
        state.threads[t].is_notified = false;
        At::Unlock { notified_all: false }
    }

    /// Looks at slot `n` and, if a thread waits there, notifies it next.
    fn notify(&self, state: &mut State, n: usize, most: usize) -> At {
        if n == state.slots.len() || most == 0 {
            return At::Unlock { notified_all: most > 0 };
        }
        let Slot { owner, waits_since, notified } = state.slots[n];
        let is_waiting = waits_since == notified || self.has(Fault::NotifiesTwice);
        let was_used = owner.is_some() || self.has(Fault::NotifiesTheDead);
        match is_waiting && was_used {
            true => {
                state.is_wasted |= owner.is_none();
                At::Add { n, most }
            }
            false => At::Notify { n: n + 1, most },
        }
    }
}

/// Notifies slot `n`.
fn add(state: &mut State, n: usize) {
    let slot = &mut state.slots[n];
    slot.notified = (slot.notified + 1) % COUNTS;
    if let Some(waiter) = slot.owner {
        state.is_wasted |= state.threads[waiter].is_notified;
        state.threads[waiter].is_notified = true;
    }
}
