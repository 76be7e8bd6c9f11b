//! [`Barrier`]: all parties wait until the last has come.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::counter::Counter;
use crate::deadline::Deadline;
use crate::locked::Locked;
use crate::memory::{Shareable, Shared};
use crate::robust::RobustLock;
use crate::seats::{Seat, Seats};
use crate::{Error, Result};

/// Each that arrives sits down, under the lock, and waits for the round to end. That is one step,
/// so all that wait go on or none does. A round that ends badly is marked on each seat before.
#[repr(C)]
struct State {
    round: Counter,
    lock: RobustLock,
    is_broken: AtomicBool,
    seats: Seats,
}

// SAFETY: only atomics and locks, for which zero bytes are valid.
unsafe impl Shareable for State {}

/// What stands on a seat instead of the round that its owner waits for. (Rounds are multiples of 4.)
const BROKEN: u32 = 1;
const NO_ROUND: u32 = 2;

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
/// A party that dies while it waits breaks the barrier for all, as soon as the next one comes. One
/// that dies before it comes is not known here: wait with a timeout where that may happen. (A
/// process that is *stopped* in the instant in which it comes or goes holds the others up.)
pub struct Barrier {
    state: Shared<State>,
    parties: usize,
}

impl Barrier {
    /// One for so many parties; Python's `Barrier(parties)`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if there are none, or more than 1024; [`Error::System`] if there is no
    /// memory for it.
    pub fn new(parties: usize) -> Result<Self> {
        match parties {
            1..=Seats::MOST => Ok(Barrier { state: Shared::zeroed()?, parties }),
            _ => Err(Error::Invalid("cannot make a barrier: it needs 1 to 1024 parties")),
        }
    }

    /// Blocks until all parties wait; Python's `wait()`. Says whether this was the last of them,
    /// which is so for exactly one: where Python has `action=`, let that one do it.
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
    /// only if a stopped party holds it up.)
    ///
    /// # Errors
    ///
    /// As for [`wait`](Barrier::wait).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_until(Deadline::after(timeout))
    }

    fn wait_until(&self, deadline: Deadline) -> Result<bool> {
        let State { round, is_broken, seats, .. } = &*self.state;
        let lock = self.enter()?;
        let this_round = round.count();
        if self.arrived().any(|seat| !seat.is_taken()) {
            self.break_up(true);
        }
        if is_broken.load(Relaxed) {
            return Err(Error::BrokenBarrier);
        }
        if self.arrived().count() + 1 == self.parties {
            round.add_one();
            return Ok(true);
        }
        let seated = seats.sit()?;
        let Seat { since, .. } = seated.0;
        since.store(this_round, Relaxed);
        drop(lock);
        if !round.wait_while(this_round, deadline) {
            let _lock = self.enter()?;
            if round.count() == this_round {
                self.break_up(true);
            }
        }
        match since.swap(NO_ROUND, Relaxed) {
            BROKEN => Err(Error::BrokenBarrier),
            _ => Ok(false),
        }
    }

    /// Breaks it: who waits gets an error, and who comes; Python's `abort()`.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] in a signal handler that has interrupted an operation on locks.
    pub fn abort(&self) -> Result<()> {
        let _lock = self.enter()?;
        self.break_up(true);
        Ok(())
    }

    /// Makes it as new: who waits gets an error, who comes does not; Python's `reset()`.
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
        Ok(self.arrived().filter(|seat| seat.is_taken()).count())
    }

    /// Whether it is broken; Python's `broken`.
    pub fn is_broken(&self) -> bool {
        self.state.is_broken.load(Relaxed)
    }

    fn enter(&self) -> Result<Locked<'_>> {
        let lock = Locked::take(&self.state.lock)?;
        if lock.owner_died {
            self.break_up(true); // a party, and nobody knows how far it has come
        }
        Ok(lock)
    }

    /// The seats of those who have come to wait in this round, though they may have died since.
    fn arrived(&self) -> impl Iterator<Item = &Seat> {
        let round = self.state.round.count();
        self.state.seats.used().filter(move |seat| seat.since.load(Relaxed) == round)
    }

    /// Ends the round for all who wait, and leaves the barrier broken or whole.
    fn break_up(&self, is_broken: bool) {
        self.state.is_broken.store(is_broken, Relaxed);
        self.arrived().for_each(|seat| seat.since.store(BROKEN, Relaxed));
        self.state.round.add_one();
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parties, is_broken) = (self.parties, self.is_broken());
        f.debug_struct("Barrier").field("parties", &parties).field("broken", &is_broken).finish()
    }
}
