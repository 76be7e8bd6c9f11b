//! [`Condition`]: waiting for a notification, with a lock released meanwhile.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ipc_error::{Error, Result};
use ipc_trace::internal::{Act, instant, made, span};

use crate::lock::{Lock, LockGuard};
use crate::waiter_slots::{WaiterSlot, WaiterSlots};
use ipc_memory::{Deadline, Shared};

/// A lock whose holder can wait until another holder notifies it; Python's
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
/// `notify` chooses among the living: a process that died while it waited does not count. (One that
/// is killed *after* it was notified takes the notification along: where this matters, notify all, or
/// wait with a timeout.)
pub struct Condition {
    pub(crate) lock: Lock,
    /// Used by the holder of `lock`. A thread waits from when it takes a slot until it is notified.
    pub(crate) slots: Shared<WaiterSlots>,
}

impl Condition {
    /// A new one with a lock of its own; Python's `Condition()`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it.
    pub fn new() -> Result<Self> {
        Self::of(Lock::new()?)
    }

    /// A new one that uses this lock, as others may; Python's `Condition(lock)`.
    ///
    /// ```
    /// use ipc_common::{Condition, Lock, Process, Value};
    /// let (lock, dishes) = (Lock::new()?, Value::new(0)?);
    /// let (empty, full) = (Condition::with_lock(&lock)?, Condition::with_lock(&lock)?);
    /// let cook = Process::new(|| -> ipc_common::Result<()> {
    ///     for _ in 0..3 {
    ///         let mut held = empty.lock()?;
    ///         held.wait_for(|| Ok(dishes.get()? == 0))?;
    ///         dishes.set(1)?;
    ///         held.on(&full)?.notify(1);
    ///     }
    ///     Ok(())
    /// });
    /// let child = cook.start()?;
    /// for _ in 0..3 {
    ///     let mut held = full.lock()?;
    ///     held.wait_for(|| Ok(dishes.get()? == 1))?;
    ///     dishes.set(0)?;
    ///     held.on(&empty)?.notify(1);
    /// }
    /// # assert_eq!(child.join()?, 0);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`new`](Condition::new).
    pub fn with_lock(lock: &Lock) -> Result<Self> {
        Self::of(lock.try_clone()?)
    }

    fn of(lock: Lock) -> Result<Self> {
        let condition = Condition { lock, slots: Shared::zeroed()? };
        made(condition.lock.trace_id(), "Condition");
        Ok(condition)
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
    /// `None` only within `wait_until`.
    lock: Option<LockGuard<'a>>,
}

impl<'a> ConditionGuard<'a> {
    /// The same lock, still held, as a guard of another condition that [uses](Condition::with_lock) it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if that one has another lock. This one's is given back then.
    pub fn on(self, other: &'a Condition) -> Result<ConditionGuard<'a>> {
        if !other.lock.raw.is_held_as(&self.condition.lock.raw) {
            return Err(Error::Invalid(
                "cannot change to a condition of another lock; see with_lock",
            ));
        }
        Ok(ConditionGuard { condition: other, lock: self.lock })
    }
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

    /// Waits until `is_so` returns true, which is asked now and after each notification; Python's
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
        let slot = self.condition.slots.take()?;
        let before = slot.notified.count();
        slot.waits_since.store(before.number(), Relaxed);
        self.lock = None;
        let waiting = span(Act::Wait, self.condition.lock.trace_id());
        slot.notified.wait_while(before, deadline);
        drop(waiting);
        let lock = self.condition.lock.lock();
        self.lock = Some(lock.expect("a thread that had the lock a moment ago may have it again"));
        Ok(slot.notified.count() != before)
    }

    /// Notifies up to `most` of those who wait, and returns how many; Python's `notify(n)`.
    ///
    /// They return from `wait` one after another, as each gets the lock.
    pub fn notify(&self, most: usize) -> usize {
        instant(Act::Notify, self.condition.lock.trace_id(), 0);
        let is_waiting = |slot: &&WaiterSlot| {
            slot.is_taken() && slot.waits_since.load(Relaxed) == slot.notified.count().number()
        };
        let waiting = self.condition.slots.used().filter(is_waiting).take(most);
        waiting.map(|slot| slot.notified.add_one()).count()
    }

    /// Notifies all who wait, and returns how many; Python's `notify_all()`.
    pub fn notify_all(&self) -> usize {
        self.notify(usize::MAX)
    }

    /// Whether the last holder of the lock died while it held it; see [`LockGuard::owner_died`].
    /// After a `wait` this is about the process that held the lock meanwhile.
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
