//! [`Barrier`]: all parties wait until the last has come.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use ipc_trace::internal::{Act, address, made, span};

use crate::deadline::Deadline;
use crate::event_count::EventCount;
use crate::robust::mutex::RobustMutex;
use crate::robust::state_guard::StateGuard;
use crate::waiter_slots::{WaiterSlot, WaiterSlots};
use ipc_memory::Shared;

/// A party that arrives takes a slot, under the lock, and waits for the round to end. That end is one
/// atomic step, so all waiters go on or none does. A round that breaks is first marked in each slot.
#[derive(Zeroable)]
#[repr(C)]
pub(crate) struct State {
    round: EventCount,
    lock: RobustMutex,
    is_broken: AtomicBool,
    slots: WaiterSlots,
}

/// In a slot, in place of the number of the round that its waiter waits for, which is below 2³⁰.
const BROKEN: u32 = u32::MAX;
const NO_ROUND: u32 = u32::MAX - 1;

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
    /// The others go on at once: where Python has `action=`, which runs before any of them does, let
    /// the last one do it and have all wait a second time.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`] if it is broken or breaks meanwhile; [`Error::TooManyWaiting`] if 1024
    /// threads wait; [`Error::Interrupted`] in a signal handler that has interrupted an operation on
    /// locks; and as for [`Lock::lock`](crate::Lock::lock).
    pub fn wait(&self) -> Result<bool> {
        self.wait_until(Deadline::NEVER)
    }

    /// Blocks for at most `timeout`, and then breaks the barrier; Python's `wait(timeout)`. (Longer
    /// only if a stopped party delays it.)
    ///
    /// # Errors
    ///
    /// As for [`wait`](Barrier::wait).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_until(Deadline::after(timeout))
    }

    fn wait_until(&self, deadline: Deadline) -> Result<bool> {
        let _waiting = span(Act::Wait, address(&*self.state));
        let State { round, is_broken, slots, .. } = &*self.state;
        let lock = self.enter()?;
        let this_round = round.count();
        if self.arrived().any(|slot| !slot.is_taken()) {
            self.break_up(true);
        }
        if is_broken.load(Relaxed) {
            return Err(Error::BrokenBarrier);
        }
        let arrived = self.arrived().count();
        if arrived + 1 == self.parties {
            round.add_one();
            return Ok(true);
        }
        let slot = slots.take()?;
        slot.waits_since.store(this_round.number(), Relaxed);
        if self.arrived().count() == arrived {
            self.break_up(true); // the slot is that of a party that has died since the look above
        }
        drop(lock);
        if !round.wait_while(this_round, deadline) {
            let _lock = self.enter()?;
            if round.count() == this_round {
                self.break_up(true);
            }
        }
        match slot.waits_since.swap(NO_ROUND, Relaxed) {
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
        let _lock = self.enter()?;
        self.break_up(true);
        Ok(())
    }

    /// Makes it as new: parties that wait get an error, later ones do not; Python's `reset()`.
    ///
    /// # Errors
    ///
    /// As for [`abort`](Barrier::abort).
    pub fn reset(&self) -> Result<()> {
        let _lock = self.enter()?;
        self.break_up(false);
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
        let _lock = self.enter()?;
        Ok(self.arrived().filter(|slot| slot.is_taken()).count())
    }

    /// Whether it is broken; Python's `broken`.
    pub fn is_broken(&self) -> bool {
        self.state.is_broken.load(Relaxed)
    }

    fn enter(&self) -> Result<StateGuard<'_>> {
        let lock = StateGuard::take(&self.state.lock)?;
        if lock.owner_died {
            self.break_up(true); // a party, and it is not known how far it came
        }
        Ok(lock)
    }

    /// The slots of the parties that wait in this round, though they may have died since.
    fn arrived(&self) -> impl Iterator<Item = &WaiterSlot> {
        let round = self.state.round.count().number();
        self.state.slots.used().filter(move |slot| slot.waits_since.load(Relaxed) == round)
    }

    /// Ends the round for all waiters, and leaves the barrier broken or whole.
    fn break_up(&self, is_broken: bool) {
        self.state.is_broken.store(is_broken, Relaxed);
        self.arrived().for_each(|slot| slot.waits_since.store(BROKEN, Relaxed));
        self.state.round.add_one();
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parties, is_broken) = (self.parties, self.is_broken());
        f.debug_struct("Barrier").field("parties", &parties).field("broken", &is_broken).finish()
    }
}
