//! [`Lock`]: one process at a time, of all machines.

use std::fmt;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::server::limits::REMEMBERED_SECONDS;
use crate::server::link::Link;
use crate::server::script::{ADOPT_LOCK, LOCK, UNLOCK};
use crate::server::wait::Watch;

/// A lock that processes on many machines share; Python's `multiprocessing.Lock`.
///
/// A holder whose connection is gone has lost it: the next one gets it within milliseconds. The
/// holder may not know yet, so each guard has a [`fence`](crate::LockGuard::fence) that is larger than all before
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
    pub(crate) link: Link,
    pub(crate) lock: String,
    fence: String,
    pub(crate) free: String,
    pub(crate) watch: Watch,
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
    /// [renewed](crate::LockGuard::renew) for so long.
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

    /// The fence; or 0 if another holds it, and how many handles there are then.
    pub(crate) fn try_take(&self) -> Result<(u64, usize)> {
        let who = self.link.who();
        self.link.call("lock", |session| {
            let name = session.name.to_owned();
            let taken = session.script(&LOCK, &[&self.lock, &self.fence], |command| {
                command.arg(&who).arg(name).arg(&self.link.base);
            })?;
            Ok(redis::from_redis_value(taken)?)
        })
    }

    pub(crate) fn unlock(&self, fence: u64) -> Result<()> {
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
