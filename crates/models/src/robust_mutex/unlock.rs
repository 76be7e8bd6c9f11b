//! `unlock` and `release_and_wake`.

use super::RobustMutex;
use super::choices::Fault;
use super::state::{At, Id, Mutex, Reading, State};

impl RobustMutex {
    /// One step of a thread that gives the mutex back, or gives up.
    pub(super) fn unlock(&self, state: &mut State, t: Id) {
        let next = match state.threads[t].at {
            At::Holding { .. } => {
                state.threads[t].is_pending = !self.has(Fault::NothingPendingInUnlock);
                At::Unlink(state.reading())
            }
            At::Unlink(held) => {
                state.threads[t].is_listed = false;
                At::Release(held)
            }
            At::Release(held) => {
                let free = Mutex { owner: None, waiters: false, ..held.of };
                if !held.of.waiters && state.change(held, free) {
                    At::Finish
                } else {
                    At::ReleaseAndWake { is_current: true }
                }
            }
            At::Finish => {
                state.threads[t].is_pending = false;
                state.end_of_wait(t);
                At::Idle
            }
            at => self.release_and_wake(state, at),
        };
        state.threads[t].at = next;
    }

    fn release_and_wake(&self, state: &mut State, at: At) -> At {
        match at {
            At::ReleaseAndWake { is_current } => {
                let waiters = !self.has(Fault::ReleaseClearsWaiters);
                state.mutex = Mutex { owner: None, owner_died: false, waiters, ..state.mutex };
                match !state.wake_one() || self.has(Fault::ClearsThoughItWoke) {
                    true => At::LoadAgain { is_current },
                    false => At::Finish,
                }
            }
            At::LoadAgain { is_current } => {
                let is_current = is_current || self.has(Fault::ClearsWithoutCount);
                let now = state.mutex;
                let released = Mutex { waiters: true, starving: now.starving, ..Mutex::default() };
                match is_current && now == released {
                    true => At::Clear(Reading { of: now, is_current }),
                    false => At::Finish,
                }
            }
            At::Clear(free) => {
                let is_current = free.is_current || self.has(Fault::ClearsWithoutCount);
                let starving = free.of.starving && self.has(Fault::StarvingStays);
                let none = Mutex { starving, ..Mutex::default() };
                state.change(Reading { is_current, ..free }, none);
                At::Finish
            }
            at => unreachable!("{at:?} is no step of unlock"),
        }
    }
}
