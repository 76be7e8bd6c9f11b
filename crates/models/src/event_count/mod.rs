//! The event count with sleepers, and the semaphore on it: `ipc-sync/src/event_count.rs`,
//! `semaphore.rs`.
//!
//! Threads have roles: those that `add_one` under a lock, those that wait while the count stays as
//! they have read it, those that take permits as `Semaphore::acquire` does, and one that closes. The
//! word is the real one, with its marks and its arithmetic. Each access to it is a step, between any
//! two of which each other thread may go on or a thread may be killed; the kernel's compare-and-sleep
//! and change-and-wake are one step each, because it does both under the lock of the word's queue.
//!
//! Not modelled: the lock of those that add, which is the robust mutex and has its own model (here it
//! is free when its owner is dead); spinning before the sleep, which only reads; weak memory, for which
//! the real code is run in `orderings`. `take_one` is one step: it is where its exchange succeeds.
//!
//! If you change the marks, the loop in `wait` or `add_one`, change [`EventCount::add`] and
//! [`EventCount::wait`].

mod state;
mod tests;

use stateright::{Model, Property};

use state::{Action, At, CLOSED, COUNT, Fault, HAS_WAITERS, ONE, Role, State, Wait};

struct EventCount {
    roles: Vec<Role>,
    /// The count does not go beyond.
    most: u32,
    kills: usize,
    fault: Option<Fault>,
}

impl Model for EventCount {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.roles.len())]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (t, &at) in state.threads.iter().enumerate() {
            match at {
                At::Dead => continue,
                At::Asleep(_) => actions.extend([Action::TimeOut(t), Action::Signal(t)]),
                _ => actions.push(Action::Step(t)),
            }
            if at != At::Idle && state.kills < self.kills {
                actions.push(Action::Kill(t));
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Step(t) => state.threads[t] = self.step(&mut state, t)?,
            Action::TimeOut(t) | Action::Signal(t) => {
                let in_time = matches!(action, Action::Signal(_));
                state.look_again(t, in_time);
                if !in_time && self.has(Fault::TimedOutClearsMark) {
                    state.word &= !HAS_WAITERS;
                }
            }
            Action::Kill(t) => state.kill(t),
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no sleeper is forgotten", |_, state: &State| {
                let is_to_sleep = |at: &At| match at {
                    At::Asleep(wait) => state.word & wait.watched == wait.count,
                    at => *at == At::Idle || *at == At::Dead,
                };
                state.threads.iter().all(is_to_sleep) || !state.is_quiet()
            }),
            Property::always("the count is exact", |_, state: &State| {
                state.word & COUNT == state.exact * ONE
            }),
        ]
    }
}

impl EventCount {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// What a thread does next, after one step. `None` if it cannot take it now.
    fn step(&self, state: &mut State, t: usize) -> Option<At> {
        let at = state.threads[t];
        Some(match (at, self.roles[t]) {
            (At::Idle, Role::Adder) => {
                let is_free = state.lock.is_none() || self.has(Fault::NoLock);
                if !is_free || state.exact == self.most {
                    return None;
                }
                state.lock = Some(t);
                At::Count
            }
            (At::Idle, Role::Waiter { watched }) => {
                let count = state.word & COUNT;
                At::Look(Wait { count, watched, in_time: true })
            }
            (At::Idle, Role::Acquirer) => self.acquire(state, true),
            (At::Idle, Role::Closer) => {
                if state.word & CLOSED != 0 {
                    return None;
                }
                state.word |= CLOSED;
                if !self.has(Fault::CloseWakesNone) {
                    state.wake_all();
                }
                At::Idle
            }
            (At::Count | At::Add { .. } | At::Wake | At::WakeLate | At::Unlock, _) => {
                self.add(state, at)
            }
            (at, role) => self.wait(state, t, at, role),
        })
    }

    /// `EventCount::add_one`, and the end of the lock.
    fn add(&self, state: &mut State, at: At) -> At {
        let has_waiters = |word| word & HAS_WAITERS != 0 && !self.has(Fault::AdderSeesNoMark);
        match at {
            At::Count if has_waiters(state.word) => At::Wake,
            At::Count => At::Add { seen: state.word },
            At::Add { seen } if seen == state.word || self.has(Fault::AdderSeesNoMark) => {
                state.word += ONE;
                state.exact += 1;
                At::Unlock
            }
            At::Add { .. } => self.add(state, At::Count), // the failed exchange has read the word
            At::Wake => {
                state.word = state.word.wrapping_add(ONE - HAS_WAITERS);
                state.exact += 1;
                match self.fault {
                    Some(Fault::WakeApart) => return At::WakeLate,
                    Some(Fault::WakesOne) => state.wake_one(),
                    _ => state.wake_all(),
                }
                At::Unlock
            }
            At::WakeLate => {
                state.wake_all();
                At::Unlock
            }
            _ => {
                state.lock = None;
                At::Idle
            }
        }
    }

    /// `EventCount::wait`, and what comes after it.
    fn wait(&self, state: &mut State, t: usize, at: At, role: Role) -> At {
        match at {
            At::Look(wait) if state.word & wait.watched != wait.count => match role {
                Role::Acquirer => self.acquire(state, wait.in_time),
                _ => At::Idle,
            },
            At::Look(wait) if !wait.in_time => match role {
                Role::Acquirer => self.acquire(state, false),
                _ => At::Idle,
            },
            At::Look(wait) => {
                let marked = state.word | HAS_WAITERS;
                match marked == state.word || self.has(Fault::SleeperLeavesNoMark) {
                    true => At::Sleep { wait, expected: state.word },
                    false => At::Mark { wait, seen: state.word },
                }
            }
            At::Mark { wait, seen } if seen == state.word => {
                state.word |= HAS_WAITERS;
                At::Sleep { wait, expected: state.word }
            }
            At::Mark { wait, .. } => At::Look(wait),
            At::Sleep { wait, expected } => {
                let sleeps = state.word == expected || self.has(Fault::SleepsWithoutLook);
                if sleeps {
                    state.queue.push(t);
                }
                if sleeps { At::Asleep(wait) } else { At::Look(wait) }
            }
            at => unreachable!("{at:?} is no step of wait"),
        }
    }

    /// `Semaphore::acquire_until`, from the top of its loop.
    fn acquire(&self, state: &mut State, in_time: bool) -> At {
        if state.word & COUNT != 0 {
            state.word -= ONE;
            state.exact -= 1;
            return At::Idle;
        }
        match in_time {
            true => At::Look(Wait { count: 0, watched: !HAS_WAITERS, in_time }),
            false => At::Idle,
        }
    }
}
