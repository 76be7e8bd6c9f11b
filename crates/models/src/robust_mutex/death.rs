//! What the kernel does for a dead thread: `exit_robust_list` and `handle_futex_death`.

use super::RobustMutex;
use super::choices::Fault;
use super::state::{At, Death, Id, Mutex, State};

impl RobustMutex {
    pub(super) fn kill(&self, state: &mut State, t: Id) {
        state.kills += 1;
        state.queue.retain(|&sleeper| sleeper != t);
        state.threads[t].at = At::Dying(Death::List);
        let thread = &mut state.threads[t];
        (thread.only_tries, thread.was_woken, thread.starves) = (false, false, false);
        if t == 0 {
            state.turns = 0;
        }
    }

    /// One step of the kernel's.
    pub(super) fn die(&self, state: &mut State, t: Id, step: Death) {
        let (is_listed, is_pending) = (state.threads[t].is_listed, state.threads[t].is_pending);
        let next = match step {
            Death::List if is_listed && !is_pending && state.mutex.owner == Some(t) => {
                if release(state) { Death::WakeForList } else { Death::Pending }
            }
            Death::List => Death::Pending,
            Death::WakeForList => {
                state.wake_one();
                Death::Pending
            }
            Death::Pending if is_pending && state.mutex.owner == Some(t) => {
                if release(state) {
                    Death::WakeForPending
                } else {
                    return bury(state, t);
                }
            }
            Death::Pending
                if is_pending
                    && state.mutex.owner.is_none()
                    && !self.has(Fault::KernelForgetsWoken) =>
            {
                Death::WakeForPending
            }
            Death::Pending => return bury(state, t),
            Death::WakeForPending => {
                state.wake_one();
                return bury(state, t);
            }
        };
        state.threads[t].at = At::Dying(next);
    }
}

/// Whether there may be sleepers.
fn release(state: &mut State) -> bool {
    state.mutex = Mutex { owner: None, owner_died: true, ..state.mutex };
    state.mutex.waiters
}

fn bury(state: &mut State, t: Id) {
    let thread = &mut state.threads[t];
    (thread.is_listed, thread.is_pending) = (false, false);
    thread.at = At::Dead;
}
