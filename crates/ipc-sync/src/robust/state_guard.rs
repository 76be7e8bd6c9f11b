//! [`StateGuard`]: a [`RobustMutex`] held while the library changes shared state.

use std::marker::PhantomData;
use std::time::Duration;

use ipc_error::{Error, Result};

use crate::robust::mutex::RobustMutex;
use ipc_memory::Deadline;

/// How long a call that is not to wait does wait for an operation in progress.
const IN_PROGRESS: Duration = Duration::from_millis(100);

/// A mutex that is held until this is dropped.
#[derive(Debug)]
pub struct StateGuard<'a> {
    mutex: &'a RobustMutex,
    /// Whether its last owner died in the middle of a change.
    pub owner_died: bool,
    /// The mutex belongs to the thread that took it.
    _not_send: PhantomData<*const ()>,
}

impl<'a> StateGuard<'a> {
    /// Waits for as long as it takes.
    pub fn take(mutex: &'a RobustMutex) -> Result<Self> {
        let guard = Self::take_until(mutex, Deadline::NEVER, || true)?;
        Ok(guard.expect("a wait without a deadline ends with the mutex"))
    }

    /// Waits until the deadline; `None` if it passed first.
    ///
    /// With [`Deadline::NOW`], still waits up to 100 ms for an operation in progress, unless there is
    /// nothing to do here: the holder may then itself be waiting for that.
    #[inline]
    pub fn take_until(
        mutex: &'a RobustMutex,
        deadline: Deadline,
        nothing_to_do: impl FnOnce() -> bool,
    ) -> Result<Option<Self>> {
        let lock_until = |deadline| {
            mutex.lock(deadline).map_err(|e| match e {
                // No other code of this thread runs while it is held, except for a signal handler.
                Error::AlreadyLocked => Error::Interrupted,
                e => e,
            })
        };
        let mut locked = lock_until(deadline)?;
        if locked.is_none() && deadline == Deadline::NOW && !nothing_to_do() {
            locked = lock_until(Deadline::after(IN_PROGRESS))?;
        }
        Ok(locked.map(|owner_died| StateGuard { mutex, owner_died, _not_send: PhantomData }))
    }
}

impl Drop for StateGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.unlock();
    }
}
