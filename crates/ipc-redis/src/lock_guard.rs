//! [`LockGuard`]: a lock that is held, and how it is had.

use std::fmt;
use std::process;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::server::link::Link;
use crate::server::wait::Deadline;

impl Lock {
    /// Blocks until the lock is this handle's; Python's `acquire()`.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyLocked`] if it is already, and [`Error::Server`].
    ///
    /// ```no_run
    /// # let lock = ipc_redis::Lock::connect("redis://localhost", "printer")?;
    /// let guard = lock.lock()?;
    /// // … this process alone, of all machines …
    /// guard.unlock()?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn lock(&self) -> Result<LockGuard<'_>> {
        self.lock_until(Deadline::NEVER)?
            .ok_or(Error::Invalid("cannot lock: the wait was ended early; lock again"))
    }

    /// Does not wait; Python's `acquire(block=False)`. `None` if another holds it.
    ///
    /// # Errors
    ///
    /// As for [`lock`](Self::lock).
    ///
    /// ```no_run
    /// # let lock = ipc_redis::Lock::connect("redis://localhost", "nightly")?;
    /// match lock.try_lock()? {
    ///     Some(_guard) => println!("this machine does it"),
    ///     None => println!("another does it"),
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn try_lock(&self) -> Result<Option<LockGuard<'_>>> {
        self.lock_timeout(Duration::ZERO)
    }

    /// Waits at most `timeout`; Python's `acquire(timeout=…)`. `None` if another holds it then.
    ///
    /// # Errors
    ///
    /// As for [`lock`](Self::lock).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let lock = ipc_redis::Lock::connect("redis://localhost", "printer")?;
    /// match lock.lock_timeout(Duration::from_secs(1))? {
    ///     Some(guard) => guard.unlock()?,
    ///     None => println!("another prints"),
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<LockGuard<'_>>> {
        self.lock_until(Deadline::after(timeout))
    }

    fn lock_until(&self, deadline: Deadline) -> Result<Option<LockGuard<'_>>> {
        if self.link.held() > 0 {
            return Err(Error::AlreadyLocked);
        }
        loop {
            let began = Instant::now();
            let (fence, users) = self.try_take()?;
            if fence != 0 {
                self.link.hold(&fence.to_string());
                return Ok(Some(LockGuard { lock: self, fence, process: process::id() }));
            }
            self.watch.looked(began, true, users);
            let Some(wait) = self.watch.wait(deadline, self.link.longest_block()) else {
                return Ok(None);
            };
            let woken: Option<redis::Value> = self.link.call("wait for the lock", |session| {
                let mut command = redis::cmd("BLPOP");
                command.arg(&self.free).arg(wait.block.as_secs_f64());
                session.wait(&command, wait.patience)
            })?;
            self.watch.waited(woken.is_none());
        }
    }
}

/// The lock is this process's until this is dropped, or its connection is gone.
#[must_use = "dropping it releases the lock"]
pub struct LockGuard<'a> {
    lock: &'a Lock,
    fence: u64,
    process: u32,
}

impl LockGuard<'_> {
    /// Larger than that of each guard before it, on all machines.
    ///
    /// ```no_run
    /// # let lock = ipc_redis::Lock::connect("redis://localhost", "printer")?;
    /// let guard = lock.lock()?;
    /// println!("UPDATE pages SET …, fence = {0} WHERE fence < {0}", guard.fence());
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Renews the lease, if there is one, and says whether the lock is still this guard's.
    ///
    /// # Errors
    ///
    /// [`Error::LockLost`] if it is not, and [`Error::Server`].
    ///
    /// ```no_run
    /// # let lock = ipc_redis::Lock::connect("redis://localhost", "printer")?;
    /// let guard = lock.lock()?;
    /// for _page in 0..100 {
    ///     // … some seconds …
    ///     guard.renew()?; // an error if another has the lock
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn renew(&self) -> Result<()> {
        let holder: Option<u64> = match Link::is_of(self.process) {
            true => self.lock.link.call("renew the lock", |session| {
                session.query(redis::cmd("HGET").arg(&self.lock.lock).arg("fence"))
            })?,
            false => None, // a copy in a forked child
        };
        if holder == Some(self.fence) { Ok(()) } else { Err(Error::LockLost) }
    }

    /// Releases the lock; Python's `release()`.
    ///
    /// # Errors
    ///
    /// [`Error::LockLost`] if it was given to another meanwhile, and [`Error::Server`].
    ///
    /// ```no_run
    /// # let lock = ipc_redis::Lock::connect("redis://localhost", "printer")?;
    /// match lock.lock()?.unlock() {
    ///     Err(ipc_redis::Error::LockLost) => println!("another may have printed, too"),
    ///     unlocked => unlocked?,
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn unlock(mut self) -> Result<()> {
        let is_ours = Link::is_of(self.process);
        self.process = 0; // nothing is left to be dropped
        if is_ours { self.lock.unlock(self.fence) } else { Err(Error::LockLost) }
    }
}

impl Drop for LockGuard<'_> {
    fn drop(&mut self) {
        if Link::is_of(self.process) {
            // If the server cannot be reached, the lock is free when it sees the connection gone.
            let _ = self.lock.link.without_patience(|| self.lock.unlock(self.fence));
        }
    }
}

impl fmt::Debug for LockGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockGuard").field("fence", &self.fence).finish_non_exhaustive()
    }
}
