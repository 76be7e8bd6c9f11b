//! [`Lock`]: one holder at a time among all processes and threads.

use std::fmt;
use std::time::Duration;

#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_trace::internal::{address, made};

use crate::robust::mutex::RobustMutex;
use crate::robust::user_guard::UserGuard;
use ipc_memory::{Deadline, Shared};

/// A mutual-exclusion lock between processes; Python's `multiprocessing.Lock`.
///
/// Create it before the processes that use it are started, and let their closures borrow it. It
/// lives in shared memory without a name, so nothing is left of it after any crash.
///
/// It is *fair* within a bound: a thread that has waited for a millisecond gets the lock in turn,
/// after those that wait longer, even if another takes it again and again.
///
/// It is *robust*: when its holder dies, by `kill -9` too, the next one gets it at once and can
/// see from [`LockGuard::owner_died`] that the protected data may be half-written. (A thread other
/// than the main one that replaces its process by `exec` does not die: it takes the lock along.)
///
/// ```
/// use ipc_common::{Lock, Process};
///
/// let lock = Lock::new()?;
/// let child = Process::new(|| {
///     let _guard = lock.lock().expect("not locked by this process");
///     std::process::abort() // the guard is never dropped
/// })
/// .start()?;
/// child.join()?;
///
/// assert!(lock.lock()?.owner_died());
/// assert!(!lock.lock()?.owner_died());
/// # Ok::<(), ipc_common::Error>(())
/// ```
pub struct Lock {
    pub(crate) raw: Shared<RobustMutex>,
}

impl Lock {
    /// A new lock, which is free; Python's `Lock()`. Costs one page of shared memory.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory for it.
    pub fn new() -> Result<Self> {
        let lock = Lock { raw: Shared::zeroed()? };
        made(lock.trace_id(), "Lock");
        Ok(lock)
    }

    /// Waits until the lock is free and takes it; Python's `acquire()`, or `with lock:`.
    ///
    /// The guard gives it back when it is dropped. Signals do not interrupt the wait.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyLocked`] if this thread holds it, where Python would wait for ever;
    /// [`Error::TooManyLocks`] with the 1025th lock at a time; [`Error::Interrupted`] in a signal
    /// handler that has interrupted a lock operation; [`Error::ThreadEnding`] in destructors at the
    /// thread's end; [`Error::Unsupported`] or [`Error::System`] if the C library or the kernel does
    /// not keep track of held locks.
    #[doc(alias = "acquire")]
    pub fn lock(&self) -> Result<LockGuard<'_>> {
        let guard = self.lock_until(Deadline::NEVER)?;
        Ok(guard.expect("a wait without a deadline ends with the lock"))
    }

    /// Takes the lock if it is free, without waiting; Python's `acquire(block=False)`.
    ///
    /// `None` if another thread or process holds it.
    ///
    /// # Errors
    ///
    /// As for [`lock`](Lock::lock).
    pub fn try_lock(&self) -> Result<Option<LockGuard<'_>>> {
        self.lock_timeout(Duration::ZERO)
    }

    /// Waits at most `timeout` for the lock; Python's `acquire(timeout=…)`.
    ///
    /// `None` if another thread or process held it all the while.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let lock = ipc_common::Lock::new()?;
    /// match lock.lock_timeout(Duration::from_secs(1))? {
    ///     Some(_guard) => println!("it is ours until the guard is dropped"),
    ///     None => println!("another process has it"),
    /// }
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`lock`](Lock::lock).
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<LockGuard<'_>>> {
        self.lock_until(Deadline::after(timeout))
    }

    /// By which traces know it.
    pub(crate) fn trace_id(&self) -> u64 {
        address(&*self.raw)
    }

    #[inline(always)] // a result out of line goes through memory
    fn lock_until(&self, deadline: Deadline) -> Result<Option<LockGuard<'_>>> {
        Ok(UserGuard::lock(&self.raw, deadline)?.map(LockGuard))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // If a guard was leaked (`mem::forget`), its thread's list of held locks still leads here, so
        // the memory has to stay.
        if self.raw.is_held_here() {
            self.raw.stay_mapped();
        }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").field("owner", &self.raw.owner()).finish()
    }
}

/// The lock is held until this is dropped; Python's `with lock:` block.
///
/// The lock belongs to the *thread* that took it, so a guard cannot be sent to another:
///
/// ```compile_fail,E0277
/// # let lock = ipc_common::Lock::new().unwrap();
/// let guard = lock.lock().unwrap();
/// std::thread::scope(|s| s.spawn(move || drop(guard)));
/// ```
///
/// Nor can it come along into a child: `Process::start` is an error while the calling thread has a
/// guard. A thread other than the main one that ends with a guard, leaked or
/// in a thread-local, ends its process (SIGABRT).
#[must_use = "the lock is given back as soon as its guard is dropped"]
pub struct LockGuard<'a>(UserGuard<'a>);

impl LockGuard<'_> {
    /// Whether the last holder died while it held the lock: what the lock protects may be
    /// half-written. Said once, to the first holder after that death.
    pub fn owner_died(&self) -> bool {
        self.0.owner_died
    }
}

impl fmt::Debug for LockGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockGuard").field("owner_died", &self.0.owner_died).finish()
    }
}
