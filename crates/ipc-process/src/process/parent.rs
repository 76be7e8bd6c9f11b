//! [`ParentProcess`]: what a process knows of its parent.

use std::os::fd::{AsFd, BorrowedFd};
use std::process;
use std::sync::Arc;
use std::time::Duration;

use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;
use ipc_trace::internal::{Act, span};
use rustix::process::{Pid, getppid};

use crate::os::pidfd::PidFd;

/// What a process knows of its parent: what [`parent_process`](crate::parent_process) returns.
///
/// ```
/// use ipc_common::{Process, current_process, parent_process};
///
/// let main = current_process().pid();
/// let child = Process::new(move || {
///     let parent = parent_process().expect("a child has a parent");
///     assert_eq!((parent.name(), parent.pid()), ("MainProcess", main));
/// });
/// assert_eq!(child.start()?.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// A child that is to end with its parent is a [daemon](crate::Process::daemon). One that has something
/// to do first, such as to write down how far it has come, waits for its parent, alone or together with
/// its work:
///
/// ```
/// use ipc_common::{Process, one_way_pipe, parent_process, wait};
///
/// let (orders, sender) = one_way_pipe::<String>()?;
/// let (reports, report) = one_way_pipe::<String>()?;
/// let middle = Process::new(move || {
///     let orphan = Process::new(|| -> ipc_common::Result<()> {
///         let parent = parent_process().expect("a child has a parent");
///         while wait(&[&orders, &parent], None)? != [1] {
///             orders.recv()?;
///         }
///         report.send(&"my parent has ended".into())
///     });
///     drop(orphan.start());
///     std::process::abort(); // without waiting for it
/// });
/// middle.start()?.join()?;
/// assert_eq!(reports.recv()?, "my parent has ended");
/// # drop(sender);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// It means this one process for ever, also when its id was given to another.
#[derive(Clone, Debug)]
pub struct ParentProcess {
    pub(crate) name: Arc<str>,
    pub(crate) pid: u32,
    /// Opened by the parent itself, so it is not that of another.
    pub(crate) pidfd: Arc<PidFd>,
}

impl ParentProcess {
    /// The parent's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the process that started this one, also when it has ended since.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it still lives. If not, this process is an orphan: the kernel gave it a new parent.
    pub fn is_alive(&self) -> bool {
        getppid().map_or(0, Pid::as_raw_pid).cast_unsigned() == self.pid
    }

    /// Waits until it has ended; Python's `join()`. Blocks for as long as it runs, for ever if it waits
    /// for this process. Its exit code is for its own parent.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the kernel has no memory.
    pub fn join(&self) -> Result<()> {
        self.join_until(Deadline::NEVER).map(drop)
    }

    /// Waits at most `timeout`; Python's `join(timeout)`. Whether it has ended.
    ///
    /// # Errors
    ///
    /// As for [`join`](ParentProcess::join).
    pub fn join_timeout(&self, timeout: Duration) -> Result<bool> {
        self.join_until(Deadline::after(timeout))
    }

    /// A file descriptor that poll, select and epoll report as readable once it has ended; Python's
    /// `sentinel`.
    pub fn sentinel(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    fn join_until(&self, deadline: Deadline) -> Result<bool> {
        let _waiting = span(Act::Join, self.pid.into());
        let ended = self.pidfd.wait(deadline);
        ended.map_err(|e| Error::system(format!("wait for the parent of {}", process::id()), "", e))
    }
}

impl AsFd for ParentProcess {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.sentinel()
    }
}
