//! [`Condition`]: waiting, with a lock given back meanwhile, until somebody says that it may be so.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

#[cfg(doc)]
use crate::Error;
use crate::deadline::Deadline;
use crate::memory::Shared;
use crate::seats::{Seat, Seats};
use crate::{Lock, LockGuard, Result};

/// A lock whose holder can wait until another holder notifies him; Python's
/// `multiprocessing.Condition`.
///
/// ```
/// use ipc_common::{Condition, Process, Value};
///
/// let (changed, dishes) = (Condition::new()?, Value::new(0_u32)?);
/// let cook = Process::new(|| -> ipc_common::Result<()> {
///     let held = changed.lock()?;
///     *dishes.lock()? = 2;
///     held.notify_all();
///     Ok(())
/// });
/// let cook = cook.start()?;
/// let mut held = changed.lock()?;
/// held.wait_for(|| Ok(*dishes.lock()? == 2))?;
/// # drop(held);
/// # assert_eq!(cook.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// There are no spurious wake-ups: a `wait` returns when its thread was notified, or its time is up.
/// `notify` chooses among the living: who has died while he waited does not count. (Who is killed
/// *after* he was notified, or is just dying, takes that along: where this matters, notify all, or
/// wait with a timeout.)
pub struct Condition {
    lock: Lock,
    /// Used by who has the lock. A thread waits from when it sits down until it is called.
    seats: Shared<Seats>,
}

impl Condition {
    /// A new one with a lock of its own; Python's `Condition()`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it.
    pub fn new() -> Result<Self> {
        Ok(Condition { lock: Lock::new()?, seats: Shared::zeroed()? })
    }

    /// Waits for its lock and takes it; Python's `acquire()`, or `with condition:`.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`].
    #[doc(alias = "acquire")]
    pub fn lock(&self) -> Result<ConditionGuard<'_>> {
        Ok(self.guard(self.lock.lock()?))
    }

    /// Waits at most `timeout` for its lock; `None` if another thread or process held it all the
    /// while.
    ///
    /// # Errors
    ///
    /// As for [`Lock::lock`].
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<ConditionGuard<'_>>> {
        Ok(self.lock.lock_timeout(timeout)?.map(|lock| self.guard(lock)))
    }

    fn guard<'a>(&'a self, lock: LockGuard<'a>) -> ConditionGuard<'a> {
        ConditionGuard { condition: self, lock: Some(lock) }
    }
}

/// The condition's lock is yours until you drop this, or [`wait`](Self::wait).
#[must_use = "the lock is given back as soon as its guard is dropped"]
pub struct ConditionGuard<'a> {
    condition: &'a Condition,
    /// There but within `wait_until`.
    lock: Option<LockGuard<'a>>,
}

impl ConditionGuard<'_> {
    /// Gives the lock back, blocks until notified, and takes the lock again; Python's `wait()`.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyWaiting`] if 1024 threads wait already, and as for [`Lock::lock`]. The lock
    /// is still yours.
    pub fn wait(&mut self) -> Result<()> {
        self.wait_until(Deadline::NEVER).map(drop)
    }

    /// Waits for at most `timeout`; Python's `wait(timeout)`. Whether it was notified.
    ///
    /// It takes the lock again before it returns, and that may take longer.
    ///
    /// # Errors
    ///
    /// As for [`wait`](Self::wait).
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<bool> {
        self.wait_until(Deadline::after(timeout))
    }

    /// Waits until `is_so` says so, which is asked now and after each notification; Python's
    /// `wait_for(predicate)`.
    ///
    /// # Errors
    ///
    /// As for [`wait`](Self::wait), and those of `is_so`.
    pub fn wait_for(&mut self, is_so: impl FnMut() -> Result<bool>) -> Result<()> {
        self.wait_for_until(is_so, Deadline::NEVER).map(drop)
    }

    /// The same, for at most `timeout`; Python's `wait_for(predicate, timeout)`. What `is_so` said
    /// last.
    ///
    /// # Errors
    ///
    /// As for [`wait_for`](Self::wait_for).
    pub fn wait_for_timeout(
        &mut self,
        is_so: impl FnMut() -> Result<bool>,
        timeout: Duration,
    ) -> Result<bool> {
        self.wait_for_until(is_so, Deadline::after(timeout))
    }

    fn wait_for_until(
        &mut self,
        mut is_so: impl FnMut() -> Result<bool>,
        deadline: Deadline,
    ) -> Result<bool> {
        while !is_so()? {
            if !self.wait_until(deadline)? {
                return is_so();
            }
        }
        Ok(true)
    }

    fn wait_until(&mut self, deadline: Deadline) -> Result<bool> {
        let seated = self.condition.seats.sit()?;
        let Seat { since, calls, .. } = seated.0;
        let called = calls.count();
        since.store(called, Relaxed);
        self.lock = None;
        calls.wait_while(called, deadline);
        let lock = self.condition.lock.lock();
        self.lock = Some(lock.expect("nothing keeps from a lock who had it a moment ago"));
        Ok(calls.count() != called)
    }

    /// Notifies up to `most` of those who wait, and returns how many; Python's `notify(n)`.
    ///
    /// They go on one after another, when they get the lock.
    pub fn notify(&self, most: usize) -> usize {
        let is_waiting =
            |seat: &&Seat| seat.is_taken() && seat.since.load(Relaxed) == seat.calls.count();
        let waiting = self.condition.seats.used().filter(is_waiting).take(most);
        waiting.map(|seat| seat.calls.add_one()).count()
    }

    /// Notifies all who wait, and returns how many; Python's `notify_all()`.
    pub fn notify_all(&self) -> usize {
        self.notify(usize::MAX)
    }

    /// Whether the last holder of the lock died with it in his hands; see
    /// [`LockGuard::owner_died`]. After a `wait` it is said of the one who held it meanwhile.
    pub fn owner_died(&self) -> bool {
        self.lock.as_ref().is_some_and(LockGuard::owner_died)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("lock", &self.lock).finish_non_exhaustive()
    }
}

impl fmt::Debug for ConditionGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionGuard").finish_non_exhaustive()
    }
}
