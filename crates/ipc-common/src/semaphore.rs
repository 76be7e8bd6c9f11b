//! [`Semaphore`]: a number of permits.

use std::fmt;
use std::time::Duration;

use crate::counter::{Counter, ONE};
use crate::deadline::Deadline;
use crate::locked::Locked;
use crate::memory::{Shareable, Shared};
use crate::robust::RobustLock;
use crate::{Error, Result};

/// A permit is taken in one step, which needs no lock; the lock is for comparing with the limit. All
/// who sleep are woken by a release, so it does not matter who of them is killed.
#[repr(C)]
struct State {
    permits: Counter,
    releasers: RobustLock,
}

// SAFETY: only atomics and locks, for which zero bytes are valid.
unsafe impl Shareable for State {}

/// A number of permits that processes take and give back; Python's `multiprocessing.Semaphore`.
///
/// ```
/// use ipc_common::{Process, Semaphore};
///
/// let ready = Semaphore::new(0)?;
/// let child = Process::new(|| ready.release()).start()?;
/// ready.acquire(); // waits until the child has come so far
/// assert_eq!(child.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// A permit belongs to nobody, since anyone may give it back: when a process dies that has taken
/// one, nobody knows; nor is one given back by a `?`, a `return` or a panic between. To let one process
/// at a time do something, use a [`Lock`](crate::Lock), whose guard does that. Who is killed or stopped
/// while he waits holds nobody up; who is stopped in the middle of a `release` holds up other releases.
pub struct Semaphore {
    state: Shared<State>,
    limit: u32,
}

/// What can be told apart by counters that wrap around.
const MOST: u32 = 1 << 29;

impl Semaphore {
    /// One with so many permits at the beginning; Python's `Semaphore(permits)`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it, [`Error::Invalid`] for more than 2²⁹ permits.
    pub fn new(permits: u32) -> Result<Self> {
        Self::with_limit(permits, MOST)
    }

    /// One that never has more permits than at the beginning; Python's `BoundedSemaphore(permits)`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Semaphore::new).
    #[doc(alias = "BoundedSemaphore")]
    pub fn bounded(permits: u32) -> Result<Self> {
        Self::with_limit(permits, permits)
    }

    fn with_limit(permits: u32, limit: u32) -> Result<Self> {
        if permits > MOST {
            return Err(Error::Invalid("cannot make a semaphore of more than 2^29 permits"));
        }
        let state: Shared<State> = Shared::zeroed()?;
        state.permits.start_with(permits);
        Ok(Semaphore { state, limit })
    }

    /// Takes a permit, and blocks until there is one; Python's `acquire()`.
    pub fn acquire(&self) {
        self.acquire_until(Deadline::NEVER);
    }

    /// Takes a permit if there is one now; Python's `acquire(block=False)`.
    pub fn try_acquire(&self) -> bool {
        self.acquire_until(Deadline::NOW)
    }

    /// Takes a permit, and blocks for at most `timeout`; Python's `acquire(timeout=…)`. `false` if
    /// there was none all the while.
    pub fn acquire_timeout(&self, timeout: Duration) -> bool {
        self.acquire_until(Deadline::after(timeout))
    }

    fn acquire_until(&self, deadline: Deadline) -> bool {
        let permits = &self.state.permits;
        while !permits.take_one() {
            // Others may take each permit that comes until the time is up.
            if !permits.wait_while(0, deadline) || deadline.is_past() {
                return permits.take_one();
            }
        }
        true
    }

    /// Gives a permit back, or one more; Python's `release()`.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyReleases`] if a [bounded](Semaphore::bounded) one has all its permits;
    /// [`Error::Interrupted`] in a signal handler that has interrupted an operation on locks; and as
    /// for [`Lock::lock`](crate::Lock::lock).
    pub fn release(&self) -> Result<()> {
        let _lock = Locked::take(&self.state.releasers)?;
        if self.value() >= self.limit {
            return Err(Error::TooManyReleases { limit: self.limit });
        }
        self.state.permits.add_one();
        Ok(())
    }

    /// How many permits there are; Python's `get_value()`. It was so at a moment during the call.
    #[doc(alias = "get_value")]
    pub fn value(&self) -> u32 {
        self.state.permits.count() / ONE
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("value", &self.value()).finish()
    }
}
