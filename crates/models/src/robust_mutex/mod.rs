//! The robust mutex: `ipc-sync/src/robust/mutex.rs`, and what `held_list.rs` tells the kernel.
//!
//! Threads lock and unlock again and again; their time may be up, signals may come, and each may be
//! killed at each step. A step is one access to the mutex's state, one change of what the kernel
//! looks at when the thread dies (listed, pending), or one system call. What the kernel does for a
//! dead thread is steps, too, as in its `exit_robust_list` and `handle_futex_death`.
//!
//! The count of takes is not a number: what a thread has read says whether the mutex has been taken
//! since, which is all that the count is for. (It wraps around after 2³¹ takes.) A woken thread may be
//! killed before it goes on, like any other. Its millisecond of waiting passes when it likes, with
//! [`Time::Free`]; how long a starving thread waits is asked with [`Time::Turns`], in which threads that
//! can go on do so before the owner's turn ends.
//!
//! Not modelled: weak memory (what the mutex guards is published by `Release` and `Acquire` on its one
//! word); several mutexes of one thread; forks, signal handlers, and threads that hold too many.
//!
//! `lock.rs` stands for `lock` and `take_in_turn`, `unlock.rs` for `unlock` and `release_and_wake`.
//! That release and wake are one step is not needed here, since the kernel wakes another thread for
//! one that dies in between (`pending`); kernels before Linux 6.2 do not.

mod choices;
mod death;
mod lock;
mod state;
mod tests;
mod unlock;

use stateright::{Model, Property};

use choices::{Action, Fault, Time};
use state::{At, State};

/// Threads that lock and unlock again and again.
struct RobustMutex {
    threads: usize,
    fault: Option<Fault>,
    /// How many threads are killed, at most.
    kills: usize,
    time: Time,
    /// For how many long turns a thread that starves waits, at most.
    bound: usize,
}

impl Model for RobustMutex {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.threads)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (t, thread) in state.threads.iter().enumerate() {
            match thread.at {
                At::Dead => continue,
                At::Idle if self.time == Time::Free => {
                    actions.extend([Action::Lock(t), Action::TryLock(t)]);
                }
                At::Idle => actions.push(Action::Lock(t)),
                At::Asleep { .. } if self.time == Time::Free => {
                    actions.extend([Action::TimeOut(t), Action::Signal(t)]);
                }
                At::Asleep { .. } => {}
                At::Load if !thread.starves && self.time == Time::Free => {
                    actions.extend([Action::Step(t), Action::LateStep(t)]);
                }
                At::Holding { .. } if self.time == Time::Turns && !state.is_settled() => {}
                _ => actions.push(Action::Step(t)),
            }
            let is_alive = !matches!(thread.at, At::Idle | At::Dying(_));
            if state.kills < self.kills && is_alive {
                actions.push(Action::Kill(t));
            }
        }
        if self.time == Time::Turns && state.is_settled() {
            actions.push(Action::MillisecondPasses);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Lock(t) => self.begin(&mut state, t, false),
            Action::TryLock(t) => self.begin(&mut state, t, true),
            Action::Step(t) => self.step(&mut state, t),
            Action::LateStep(t) => {
                state.threads[t].starves = true;
                self.step(&mut state, t);
            }
            Action::TimeOut(t) => self.time_out(&mut state, t),
            Action::Signal(t) => state.leave_queue(t),
            Action::Kill(t) => self.kill(&mut state, t),
            Action::MillisecondPasses => state.pass_a_millisecond(self.bound),
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("an owner is noted as the owner", |_, state: &State| {
                state
                    .threads
                    .iter()
                    .enumerate()
                    .all(|(t, thread)| !thread.at.is_owner() || state.mutex.owner == Some(t))
            }),
            Property::always("the dead own nothing", |_, state: &State| {
                state.mutex.owner.is_none_or(|t| {
                    state.threads[t].at.is_owner() || matches!(state.threads[t].at, At::Dying(_))
                })
            }),
            Property::always("no sleeper is forgotten", |_, state: &State| {
                !state.is_quiet() || state.queue.is_empty()
            }),
            Property::always("handing over ends", |_, state: &State| {
                !state.is_quiet() || !state.mutex.starving || state.mutex.waiters
            }),
            Property::always("a starving thread gets its turn", |model, state: &State| {
                state.turns <= model.bound
            }),
        ]
    }
}

impl RobustMutex {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn step(&self, state: &mut State, t: usize) {
        match state.threads[t].at {
            At::Dying(step) => self.die(state, t, step),
            at if at.is_locking() => self.lock(state, t),
            _ => self.unlock(state, t),
        }
    }
}
