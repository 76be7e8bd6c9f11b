//! [`Event`]: a flag that can be waited for.

use std::fmt;
use std::time::Duration;

use crate::Result;
use crate::counter::{Counter, ONE};
use crate::deadline::Deadline;
use crate::memory::{Shareable, Shared};
use crate::robust::{Locked, RobustLock};

/// Each `set` and `clear` that changes something counts: an odd count means that it is set.
#[repr(C)]
struct State {
    changes: Counter,
    lock: RobustLock,
}

// SAFETY: only atomics and locks, for which zero bytes are valid.
unsafe impl Shareable for State {}

/// A flag on which any number of processes wait; Python's `multiprocessing.Event`.
///
/// ```
/// use ipc_common::{Event, Process};
///
/// let go = Event::new()?;
/// let child = Process::new(|| go.wait()).start()?;
/// go.set()?;
/// assert_eq!(child.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// Nobody has to answer for `set` to return: who is killed or stopped while he waits holds nobody
/// up.
pub struct Event(Shared<State>);

impl Event {
    /// One that is not set; Python's `Event()`.
    ///
    /// # Errors
    ///
    /// [`Error::System`](crate::Error::System) if there is no memory for it.
    pub fn new() -> Result<Self> {
        Ok(Event(Shared::zeroed()?))
    }

    /// Sets it, and wakes all who wait; Python's `set()`. If it is set, nothing happens.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`](crate::Error::Interrupted) in a signal handler that has interrupted an
    /// operation on locks.
    pub fn set(&self) -> Result<()> {
        self.change(true)
    }

    /// Makes it unset; Python's `clear()`.
    ///
    /// # Errors
    ///
    /// As for [`set`](Event::set).
    pub fn clear(&self) -> Result<()> {
        self.change(false)
    }

    fn change(&self, set: bool) -> Result<()> {
        let _lock = Locked::enter(&self.0.lock, Deadline::NEVER, || true)?;
        if self.is_set() != set {
            self.0.changes.add_one();
        }
        Ok(())
    }

    /// Whether it is set; Python's `is_set()`.
    pub fn is_set(&self) -> bool {
        is_set(self.0.changes.count())
    }

    /// Blocks until it is set; Python's `wait()`. It may have been cleared again since.
    pub fn wait(&self) {
        self.wait_until(Deadline::NEVER);
    }

    /// Blocks for at most `timeout`; Python's `wait(timeout)`. Whether it was set meanwhile.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.wait_until(Deadline::after(timeout))
    }

    fn wait_until(&self, deadline: Deadline) -> bool {
        let seen = self.0.changes.count();
        is_set(seen) || self.0.changes.wait_while(seen, deadline)
    }
}

fn is_set(changes: u32) -> bool {
    changes / ONE % 2 == 1
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("is_set", &self.is_set()).finish()
    }
}
