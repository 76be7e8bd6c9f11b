//! [`Locked`]: a [`RobustLock`] held for as long as a step of the library takes.

use std::time::Duration;

use crate::deadline::Deadline;
use crate::robust::RobustLock;
use crate::{Error, Result};

/// A call that is not to wait does wait so long for a lock that is only held for an instant.
const INSTANT: Duration = Duration::from_millis(100);
/// A lock that is held until this is dropped.
pub(crate) struct Locked<'a> {
    lock: &'a RobustLock,
    pub(crate) owner_died: bool,
}

impl<'a> Locked<'a> {
    /// Waits for as long as it takes.
    pub(crate) fn take(lock: &'a RobustLock) -> Result<Self> {
        let locked = Self::enter(lock, Deadline::NEVER, || true)?;
        Ok(locked.expect("a wait without a deadline ends with the lock"))
    }

    /// If the caller does not want to wait, it does so all the same for somebody who is at work,
    /// but not if there is nothing to do: he may be waiting for that himself. `None` if the deadline
    /// passed first.
    pub(crate) fn enter(
        lock: &'a RobustLock,
        deadline: Deadline,
        nothing_to_do: impl FnOnce() -> bool,
    ) -> Result<Option<Self>> {
        let lock_until = |deadline| {
            lock.lock(deadline).map_err(|e| match e {
                // What it is needed for is done before any other code of this thread can come.
                Error::AlreadyLocked => Error::Interrupted,
                e => e,
            })
        };
        let mut locked = lock_until(deadline)?;
        if locked.is_none() && deadline == Deadline::NOW && !nothing_to_do() {
            locked = lock_until(Deadline::after(INSTANT))?;
        }
        Ok(locked.map(|owner_died| Locked { lock, owner_died }))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.lock.unlock();
    }
}
