//! [`Lock`]: one process at a time, of all machines.

use std::fmt;
use std::process;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::server::limits::REMEMBERED_SECONDS;
use crate::server::link::Link;
use crate::server::script::{ADOPT_LOCK, LOCK, UNLOCK};
use crate::server::wait::{Deadline, Watch};

/// A lock that processes on many machines share; Python's `multiprocessing.Lock`.
///
/// A holder whose connection is gone has lost it: the next one gets it within milliseconds. The
/// holder may not know yet, so each guard has a [`fence`](LockGuard::fence) that is larger than all before
/// it: pass it on to what the lock protects, and let that refuse a smaller one than it has seen.
///
/// ```no_run
/// # fn main() -> ipc_redis::Result<()> {
/// use ipc_redis::Lock;
///
/// let lock = Lock::connect("redis://localhost", "printer")?;
/// let guard = lock.lock()?;
/// println!("UPDATE pages SET …, fence = {0} WHERE fence < {0}", guard.fence());
/// guard.unlock()?; // or drop it: then a lock that was lost is not told
/// # Ok(())
/// # }
/// ```
pub struct Lock {
    link: Link,
    lock: String,
    fence: String,
    free: String,
    watch: Watch,
}

impl Lock {
    /// Connects to the lock of that name, which need not be there yet. For the URL see
    /// [`JoinableQueue::connect`](crate::JoinableQueue::connect).
    ///
    /// # Errors
    ///
    /// As for [`JoinableQueue::connect`](crate::JoinableQueue::connect).
    ///
    /// ```no_run
    /// use ipc_redis::Lock;
    ///
    /// let lock = Lock::connect("redis://localhost", "printer")?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn connect(url: &str, name: &str) -> Result<Self> {
        let link = Link::connect(url, name, Some((&ADOPT_LOCK, "lock")))?;
        link.be_present();
        let (lock, fence, free) = (link.key("lock"), link.key("fence"), link.key("free"));
        Ok(Lock { link, lock, fence, free, watch: Watch::default() })
    }

    /// As [`JoinableQueue::lease`](crate::JoinableQueue::lease): the lock is lost if the guard is not
    /// [renewed](LockGuard::renew) for so long.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use ipc_redis::Lock;
    ///
    /// let lock = Lock::connect("redis://localhost", "printer")?.lease(Duration::from_secs(60));
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn lease(self, lease: Duration) -> Self {
        self.link.set_lease(lease);
        self
    }

    /// As [`JoinableQueue::patience`](crate::JoinableQueue::patience).
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use ipc_redis::Lock;
    ///
    /// let lock = Lock::connect("redis://localhost", "printer")?.patience(Duration::from_secs(60));
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn patience(self, patience: Duration) -> Self {
        self.link.patience.set(patience);
        self
    }

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

    /// The fence; or 0 if another holds it, and how many handles there are then.
    fn try_take(&self) -> Result<(u64, usize)> {
        let who = self.link.who();
        self.link.call("lock", |session| {
            let name = session.name.to_owned();
            let taken = session.script(&LOCK, &[&self.lock, &self.fence], |command| {
                command.arg(&who).arg(name).arg(&self.link.base);
            })?;
            Ok(redis::from_redis_value(taken)?)
        })
    }

    fn unlock(&self, fence: u64) -> Result<()> {
        let (who, last) = (self.link.who(), self.link.last_key());
        let is_released: Result<bool> = self.link.call("unlock", |session| {
            let released =
                session.script(&UNLOCK, &[&self.lock, &last, &self.free], |command| {
                    command.arg(&who).arg(fence).arg(REMEMBERED_SECONDS);
                })?;
            Ok(redis::from_redis_value(released)?)
        });
        self.link.let_go(&fence.to_string());
        if is_released? { Ok(()) } else { Err(Error::LockLost) }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lock = f.debug_struct("Lock");
        lock.field("name", &self.link.base).field("server", &self.link.server).finish()
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
