//! `lock` and `take_in_turn`.

use super::RobustMutex;
use super::choices::Fault;
use super::state::{At, Id, Mutex, Reading, State};

impl RobustMutex {
    /// The first reading, and pending.
    pub(super) fn begin(&self, state: &mut State, t: Id, only_tries: bool) {
        let reading = state.reading();
        let thread = &mut state.threads[t];
        thread.at = At::Fast(reading);
        thread.only_tries = only_tries;
        thread.is_pending = !self.has(Fault::NothingPendingInLock);
    }

    /// One step of a thread that is to get the mutex.
    pub(super) fn lock(&self, state: &mut State, t: Id) {
        let is_late = state.threads[t].starves;
        let next = match state.threads[t].at {
            At::Fast(free) => self.take_at_once(state, t, free),
            At::Load => self.decide(state, t),
            At::Take(free) => {
                let marks = Mutex { starving: free.of.starving && is_late, ..self.kept(free.of) };
                if state.take(t, free, marks) { At::Link } else { At::Load }
            }
            At::Mark(held) => {
                let marked = self.marked(held.of, is_late);
                match state.change(held, marked) {
                    true => At::Wait { expected: marked, is_free: false },
                    false => At::Load,
                }
            }
            At::Wait { expected, is_free } if state.mutex.has_word_of(expected) => {
                state.queue.push(t);
                At::Asleep { is_free }
            }
            At::Wait { .. } => At::Load,
            At::Link => {
                match self.has(Fault::PendingEndsBeforeList) {
                    true => state.threads[t].is_pending = false,
                    false => state.threads[t].is_listed = true,
                }
                At::Linked
            }
            At::Linked => {
                let thread = &mut state.threads[t];
                (thread.is_listed, thread.is_pending) = (true, false);
                state.end_of_wait(t);
                At::Holding { is_long: false }
            }
            at => unreachable!("{at:?} is no step of lock"),
        };
        state.threads[t].at = next;
    }

    fn take_at_once(&self, state: &mut State, t: Id, free: Reading) -> At {
        let may = free.of.owner.is_none() && !self.stops_newcomers(free.of);
        // As a store in place of the exchange would do.
        let free = if self.has(Fault::TakesWithoutComparing) { state.reading() } else { free };
        if may && state.take(t, free, self.kept(free.of)) { At::Link } else { At::Load }
    }

    /// What comes of a reading in the loop.
    fn decide(&self, state: &State, t: Id) -> At {
        let (reading, thread) = (state.reading(), &state.threads[t]);
        if reading.of.owner.is_none() {
            let has_right = !self.stops_newcomers(reading.of) || thread.was_woken || thread.starves;
            return match has_right {
                true => At::Take(reading),
                false => At::Wait { expected: reading.of, is_free: true },
            };
        }
        match self.marked(reading.of, thread.starves) {
            _ if thread.only_tries => At::Finish,
            marked if marked == reading.of => At::Wait { expected: marked, is_free: false },
            _ => At::Mark(reading),
        }
    }

    pub(super) fn time_out(&self, state: &mut State, t: Id) {
        let At::Asleep { is_free } = state.threads[t].at else { unreachable!("it sleeps") };
        state.leave_queue(t);
        if !is_free {
            state.threads[t].at = At::Finish;
        }
    }

    fn stops_newcomers(&self, free: Mutex) -> bool {
        free.starving && !self.has(Fault::NewcomersBarge)
    }

    fn kept(&self, free: Mutex) -> Mutex {
        Mutex { waiters: free.waiters && !self.has(Fault::TakerClearsWaiters), ..free }
    }

    fn marked(&self, held: Mutex, is_late: bool) -> Mutex {
        let starving = held.starving || is_late && !self.has(Fault::NoThreadStarves);
        Mutex { waiters: true, starving, ..held }
    }
}
