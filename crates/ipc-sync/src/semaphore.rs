//! [`Semaphore`]: a number of permits.

use std::fmt;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::event_count::{Count, EventCount};
use crate::robust::mutex::RobustMutex;
use crate::robust::state_guard::StateGuard;
use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use ipc_memory::Shared;
use ipc_trace::internal::{Act, address, instant, made, span};

/// Taking a permit is one atomic step, which needs no lock; the lock is for comparing with the limit.
/// A release wakes all sleepers, so it does not matter if one of them is killed.
#[derive(Zeroable)]
#[repr(C)]
pub(crate) struct State {
    permits: EventCount,
    releasers: RobustMutex,
}

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
/// A permit has no owner, since any process may give it back: the permit of a process that dies is
/// lost, and a `?`, a `return` or a panic in between gives none back. To let one process at a time do
/// something, use a [`Lock`](crate::Lock), whose guard does that. A process that is killed or stopped
/// while it waits delays no other; one that is stopped in the middle of `release` delays other releases.
pub struct Semaphore {
    pub(crate) state: Shared<State>,
    pub(crate) limit: u32,
}

const MOST: u32 = Count::HALF_RANGE;

impl Semaphore {
    /// A semaphore that begins with this number of permits; Python's `Semaphore(permits)`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it, [`Error::Invalid`] for more than 2²⁹ permits.
    pub fn new(permits: u32) -> Result<Self> {
        Self::with_limit(permits, MOST)
    }

    /// A semaphore that never has more permits than it begins with; Python's
    /// `BoundedSemaphore(permits)`.
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
        made(address(&*state), "Semaphore");
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
        let _waiting = span(Act::Wait, address(&*self.state));
        let permits = &self.state.permits;
        while !permits.take_one() {
            // Other processes may take each new permit first until the time is up.
            if !permits.wait_while(Count::from_number(0), deadline) || deadline.is_past() {
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
        let _lock = StateGuard::take(&self.state.releasers)?;
        if self.value() >= self.limit {
            return Err(Error::TooManyReleases { limit: self.limit });
        }
        instant(Act::Release, address(&*self.state), 0);
        self.state.permits.add_one();
        Ok(())
    }

    /// The number of permits at one moment during the call; Python's `get_value()`.
    #[doc(alias = "get_value")]
    pub fn value(&self) -> u32 {
        self.state.permits.count().number()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("value", &self.value()).finish()
    }
}
