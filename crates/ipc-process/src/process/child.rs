//! [`Child`]: a process that has been started.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_sync::internal::Deadline;
use rustix::process::Signal;

use crate::os::pidfd::PidFd;
use crate::process::current::Current;
use crate::process::handle::Handle;
use crate::process::identity::Identity;

/// A started process; Python's `Process` after `start()`.
///
/// **Dropping it lets the process run. The end of this process waits for it**, as in Python: after
/// `main` has returned and its error was printed, after a panic, and in `std::process::exit`, daemons
/// are sent SIGTERM, and SIGKILL if they have not ended a second later; then all other children are
/// waited for. If that takes more than a second, a line on the terminal says for whom. (A process
/// that is ended by a signal does not wait; its daemons are killed with it.) A child whose handle
/// was dropped leaves no zombie for long: it is reaped at the latest when the next one is started.
///
/// ```
/// use ipc_common::Process;
///
/// let child = Process::new(|| std::process::exit(7)).start()?;
/// println!("{} is process {}", child.name(), child.pid());
/// assert_eq!(child.join()?, 7);
/// assert!(!child.is_alive()?);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// The handle means this one process for ever: waits and signals go through a pidfd, so a process
/// that was later given the same id is never hit.
///
/// All methods can be called from several threads at once.
pub struct Child(pub(crate) Arc<Handle>);

impl Child {
    pub(crate) fn new(identity: Identity, pid: u32, pidfd: PidFd) -> Self {
        Child(Arc::new(Handle::new(identity.name, pid, identity.daemon, pidfd)))
    }

    /// Its name; Python's `name`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its id; Python's `pid`.
    pub fn pid(&self) -> u32 {
        self.0.pid
    }

    /// Whether it was started as a daemon; Python's `daemon`.
    pub fn daemon(&self) -> bool {
        self.0.daemon
    }

    /// Waits until the process has ended, and returns its exit code; Python's `join()`.
    ///
    /// Blocks for as long as the process runs; signals do not interrupt it. May be called again:
    /// the code is kept.
    ///
    /// # Errors
    ///
    /// [`Error::NotAChild`] if this handle was brought into another process than the one that
    /// started it, or if the code was taken by other code (that waits for any child of this process,
    /// or ignores SIGCHLD). The process has ended then, too.
    pub fn join(&self) -> Result<i32> {
        let code = self.0.join(Deadline::NEVER)?;
        Ok(code.expect("a wait without a deadline ends with the process"))
    }

    /// Waits at most `timeout`; Python's `join(timeout)`. `None` if it still runs after that.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let child = ipc_common::Process::new(|| std::thread::park()).daemon(true).start()?;
    /// assert_eq!(child.join_timeout(Duration::from_millis(10))?, None);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`join`](Child::join).
    pub fn join_timeout(&self, timeout: Duration) -> Result<Option<i32>> {
        self.0.join(Deadline::after(timeout))
    }

    /// Whether it still runs; Python's `is_alive()`. Does not block.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the kernel cannot say, for lack of memory.
    pub fn is_alive(&self) -> Result<bool> {
        Ok(!self.0.has_ended(Deadline::NOW)?)
    }

    /// How it ended, `None` if it still runs; Python's `exitcode`. Does not block.
    ///
    /// | the process | code |
    /// |---|---|
    /// | returned, or returned `Ok` | 0 |
    /// | returned `Err`, or panicked | 1 |
    /// | called `std::process::exit(n)` or returned `ExitCode::from(n)` | n, modulo 256 |
    /// | was ended by signal n | -n |
    ///
    /// # Errors
    ///
    /// As for [`join`](Child::join).
    #[doc(alias = "exitcode")]
    pub fn exit_code(&self) -> Result<Option<i32>> {
        self.0.join(Deadline::NOW)
    }

    /// Asks it to end (SIGTERM), which takes a moment; Python's `terminate()`.
    ///
    /// A process that has ended already is no error. Its own children are not told.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if it has become a process of another user.
    ///
    /// ```
    /// let child = ipc_common::Process::new(|| std::thread::park()).start()?;
    /// child.terminate()?;
    /// assert_eq!(child.join()?, -15);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn terminate(&self) -> Result<()> {
        self.0.send(Signal::TERM)
    }

    /// Ends it, whatever it does (SIGKILL); Python's `kill()`.
    ///
    /// # Errors
    ///
    /// As for [`terminate`](Child::terminate).
    pub fn kill(&self) -> Result<()> {
        self.0.send(Signal::KILL)
    }

    /// A file descriptor that poll, select and epoll report as readable once the process has
    /// ended; Python's `sentinel`.
    pub fn sentinel(&self) -> BorrowedFd<'_> {
        self.0.pidfd.as_fd()
    }

    /// Frees the handle of a process that has ended, without waiting; Python's `close()`.
    ///
    /// # Errors
    ///
    /// [`StillRunning`] if it runs, with the handle in it, so that nothing is lost.
    pub fn close(self) -> Result<(), StillRunning> {
        match self.exit_code() {
            Ok(None) => Err(StillRunning(self)),
            _ => Ok(()),
        }
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.sentinel()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        Current::lock().drop_child(&self.0);
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Handle { name, pid, daemon, .. } = &*self.0;
        f.debug_struct("Child")
            .field("name", name)
            .field("pid", pid)
            .field("daemon", daemon)
            .finish()
    }
}

/// A [`Child`] that was to be closed while it runs. It is inside, unharmed.
///
/// ```
/// use ipc_common::{Process, StillRunning};
///
/// let child = Process::new(|| std::thread::park()).name("sleeper").daemon(true).start()?;
/// let Err(StillRunning(child)) = child.close() else { panic!("it runs") };
/// child.kill()?;
/// child.join()?;
/// assert!(child.close().is_ok());
/// # Ok::<(), ipc_common::Error>(())
/// ```
pub struct StillRunning(pub Child);

impl fmt::Display for StillRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Handle { name, pid, .. } = &*self.0.0;
        write!(
            f,
            "cannot close {name} ({pid}): it still runs; join() it first, or terminate() and join()"
        )
    }
}

impl fmt::Debug for StillRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for StillRunning {}
