//! [`Barrier`]: all parties wait until the last has come.

pub(crate) mod state;

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use ipc_error::{Error, Result};
use ipc_trace::internal::{Act, address, made, span};

use crate::barrier::state::{ACTING, BROKEN, NO_ROUND, State};
use crate::waiter_slots::WaiterSlots;
use ipc_memory::{Deadline, Shared};

/// A place where a number of processes wait for each other; Python's `multiprocessing.Barrier`.
///
/// ```
/// use ipc_common::{Barrier, Process};
///
/// let barrier = Barrier::new(2)?;
/// let child = Process::new(|| barrier.wait().map(drop)).start()?;
/// barrier.wait()?;
/// println!("the child has come to the barrier, too");
/// assert_eq!(child.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// A party that dies while it waits breaks the barrier for all, as soon as the next one arrives. One
/// that dies before it arrives is not known here: wait with a timeout where that may happen. (A
/// process that is *stopped* in the instant in which it arrives or leaves delays the others.)
pub struct Barrier {
    pub(crate) state: Shared<State>,
    pub(crate) parties: usize,
}

impl Barrier {
    /// A barrier for this number of parties; Python's `Barrier(parties)`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if there are none, or more than 1024; [`Error::System`] if there is no
    /// memory for it.
    pub fn new(parties: usize) -> Result<Self> {
        match parties {
            1..=WaiterSlots::MOST => {
                let barrier = Barrier { state: Shared::zeroed()?, parties };
                made(address(&*barrier.state), "Barrier");
                Ok(barrier)
            }
            _ => Err(Error::Invalid("cannot make a barrier: it needs 1 to 1024 parties")),
        }
    }

    /// Blocks until all parties wait; Python's `wait()`. Returns whether this was the last of them,
    /// which is so for exactly one.
    ///
    /// The others go on at once; see [`wait_with`](Barrier::wait_with) for what is to be done first.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`] if it is broken or breaks meanwhile; [`Error::TooManyWaiting`] if 1024
    /// threads wait; [`Error::Interrupted`] in a signal handler that has interrupted an operation on
    /// locks; and as for [`Lock::lock`](crate::Lock::lock).
    pub fn wait(&self) -> Result<bool> {
        self.wait_until(Deadline::NEVER, None::<fn() -> Result<()>>)
    }

    /// Blocks for at most `timeout`, and then breaks the barrier; Python's `wait(timeout)`. (Longer
    /// only if a stopped party delays it.)
    ///
    /// # Errors
    ///
    /// As for [`wait`](Barrier::wait).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_until(Deadline::after(timeout), None::<fn() -> Result<()>>)
    }

    /// Blocks until all parties wait; then the last of them runs its `action`, and only when that has
    /// ended do the others go on. Python's `Barrier(parties, action)`: there the action belongs to the
    /// barrier, here each party brings it along, and it may borrow.
    ///
    /// ```
    /// use ipc_common::{Array, Barrier, Process, Value};
    ///
    /// let (barrier, parts, sum) = (Barrier::new(2)?, Array::new(&[0; 2])?, Value::new(0)?);
    /// let party = |n: usize| -> ipc_common::Result<()> {
    ///     parts.lock()?[n] = 10 * (n + 1);
    ///     barrier.wait_with(|| sum.set(parts.lock()?.iter().sum()))?;
    ///     assert_eq!(sum.get()?, 30); // for both
    ///     Ok(())
    /// };
    /// let child = Process::new(|| party(1)).start()?;
    /// party(0)?;
    /// # assert_eq!(child.join()?, 0);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// If the action fails or panics, or its process is killed in it, the barrier breaks for all.
    /// Everything else that is done with the barrier meanwhile blocks until the action has ended, a
    /// `wait_timeout`, too.
    ///
    /// # Errors
    ///
    /// Those of `action`, for the party that ran it; [`Error::Interrupted`] in an action that uses this
    /// barrier; and as for [`wait`](Barrier::wait).
    #[doc(alias = "action")]
    pub fn wait_with(&self, action: impl FnOnce() -> Result<()>) -> Result<bool> {
        self.wait_until(Deadline::NEVER, Some(action))
    }

    /// The same, blocking for at most `timeout` until all parties have come, and then breaking the
    /// barrier; however long the action takes, that is not counted.
    ///
    /// # Errors
    ///
    /// As for [`wait_with`](Barrier::wait_with).
    pub fn wait_with_timeout<F>(&self, action: F, timeout: Duration) -> Result<bool>
    where
        F: FnOnce() -> Result<()>,
    {
        self.wait_until(Deadline::after(timeout), Some(action))
    }

    fn wait_until<F>(&self, deadline: Deadline, action: Option<F>) -> Result<bool>
    where
        F: FnOnce() -> Result<()>,
    {
        let state = &*self.state;
        let _waiting = span(Act::Wait, address(state));
        let (lock, this_round) = (state.enter()?, state.round.count());
        if state.arrived().any(|slot| !slot.is_taken()) {
            state.break_up(true);
        }
        if self.is_broken() {
            return Err(Error::BrokenBarrier);
        }
        let arrived = state.arrived().count();
        if arrived + 1 == self.parties {
            match action {
                Some(action) => state.act(action)?,
                None => state.round.add_one(),
            }
            return Ok(true);
        }
        let slot = state.slots.take()?;
        slot.waits_since.store(this_round.number(), Relaxed);
        if state.arrived().count() == arrived {
            state.break_up(true); // the slot is that of a party that has died since the look above
        }
        drop(lock);
        if !state.round.wait_while(this_round, deadline) {
            let _lock = state.enter()?;
            if state.round.count() == this_round {
                state.break_up(true);
            }
        }
        if slot.waits_since.load(Relaxed) == ACTING {
            drop(state.enter()?); // when the action has ended, or its process
        }
        // `Acquire`: all that an action has done is seen, also if its end shows here and not by the lock.
        match slot.waits_since.swap(NO_ROUND, Acquire) {
            BROKEN => Err(Error::BrokenBarrier),
            _ => Ok(false),
        }
    }

    /// Breaks it: parties that wait or arrive get an error; Python's `abort()`.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] in a signal handler that has interrupted an operation on locks.
    pub fn abort(&self) -> Result<()> {
        let _lock = self.state.enter()?;
        self.state.break_up(true);
        Ok(())
    }

    /// Makes it as new: parties that wait get an error, later ones do not; Python's `reset()`.
    ///
    /// # Errors
    ///
    /// As for [`abort`](Barrier::abort).
    pub fn reset(&self) -> Result<()> {
        let _lock = self.state.enter()?;
        self.state.break_up(false);
        Ok(())
    }

    /// How many parties it is for; Python's `parties`.
    pub fn parties(&self) -> usize {
        self.parties
    }

    /// How many wait now; Python's `n_waiting`.
    ///
    /// # Errors
    ///
    /// As for [`abort`](Barrier::abort).
    #[doc(alias = "n_waiting")]
    pub fn waiting(&self) -> Result<usize> {
        let _lock = self.state.enter()?;
        Ok(self.state.arrived().filter(|slot| slot.is_taken()).count())
    }

    /// Whether it is broken; Python's `broken`.
    pub fn is_broken(&self) -> bool {
        self.state.is_broken.load(Relaxed)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parties, is_broken) = (self.parties, self.is_broken());
        f.debug_struct("Barrier").field("parties", &parties).field("broken", &is_broken).finish()
    }
}
