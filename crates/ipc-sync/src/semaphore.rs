//! [`Semaphore`]: a number of permits.

use std::fmt;
use std::time::Duration;

use crate::event_count::{Count, EventCount};
use crate::robust::fork_generation::{fork_generation, watch_forks};
use crate::robust::mutex::RobustMutex;
use crate::robust::state_guard::StateGuard;
use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use ipc_memory::{Deadline, Shared};
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
/// A permit has no owner, since any process may give it back: the permit of a process that is killed is
/// lost. So is that of a `?`, a `return` or a panic between [`acquire`](Semaphore::acquire) and
/// [`release`](Semaphore::release), but not that of a [`permit`](Semaphore::permit), which is given back
/// when it is dropped. To let one process at a time do something, use a [`Lock`](crate::Lock), which also
/// comes back from the dead. A process that is killed or stopped while it waits delays no other; one that
/// is stopped in the middle of `release` delays other releases.
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

    /// Takes a permit, and blocks until there is one; Python's `with semaphore:`. It is given back when
    /// the result is dropped.
    ///
    /// ```
    /// use ipc_common::{Process, Semaphore};
    ///
    /// let downloads = Semaphore::new(3)?;
    /// let child = Process::new(|| -> ipc_common::Result<()> {
    ///     let _permit = downloads.permit();
    ///     Err(ipc_common::Error::Hangup) // it is given back all the same
    /// })
    /// .start()?;
    /// assert_eq!(child.join()?, 1);
    /// assert_eq!(downloads.value(), 3);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn permit(&self) -> SemaphorePermit<'_> {
        self.acquire();
        self.taken()
    }

    /// Takes a permit if there is one now; `None` if not.
    pub fn try_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.try_acquire().then(|| self.taken())
    }

    /// Takes a permit, and blocks for at most `timeout`; `None` if there was none all the while.
    pub fn permit_timeout(&self, timeout: Duration) -> Option<SemaphorePermit<'_>> {
        self.acquire_timeout(timeout).then(|| self.taken())
    }

    fn taken(&self) -> SemaphorePermit<'_> {
        watch_forks();
        SemaphorePermit { semaphore: self, taken_in: fork_generation() }
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

/// A permit of a [`Semaphore`], given back when this is dropped; Python's `with semaphore:` block.
///
/// It belongs to the process that took it: in a child that is started meanwhile nothing is given back,
/// and one that a child's closure takes along (`move`) is given back by the parent, as soon as
/// `Process::start` returns. A child takes its own. For a permit that one process takes and another
/// gives back, use [`acquire`](Semaphore::acquire) and [`release`](Semaphore::release).
///
/// A process that is killed gives none back. What is dropped in a signal handler that has interrupted
/// an operation on locks, or when a [bounded](Semaphore::bounded) semaphore has all its permits, gives
/// none back either.
#[must_use = "the permit is given back as soon as this is dropped"]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    taken_in: u32,
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        if self.taken_in == fork_generation() {
            let _ = self.semaphore.release(); // the type's doc says when it fails
        }
    }
}
