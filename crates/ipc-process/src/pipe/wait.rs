//! [`wait`]: for many things at once.

use std::os::fd::AsFd;
use std::time::Duration;

use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;
use rustix::event::{PollFd, PollFlags};

use crate::os::poll::poll_until;

/// Waits until something can be received from one of `sources`, which may be
/// [`Connection`](crate::Connection)s, [`Child`](crate::Child)ren (ready when they have ended) and
/// anything else with a descriptor; Python's `multiprocessing.connection.wait`.
///
/// Returns the positions of those that are ready, none if `timeout` passed first. `None` waits for
/// as long as it takes.
///
/// ```
/// use ipc_common::{Process, one_way_pipe, wait};
///
/// let (receiver, sender) = one_way_pipe::<u32>()?;
/// let child = Process::new(move || sender.send(&7)).start()?;
/// assert_eq!(wait(&[&receiver], None)?, [0]); // the child may have ended, too
/// assert_eq!(receiver.recv()?, 7);
/// assert_eq!(wait(&[&child], None)?, [0]);
/// assert_eq!(child.exit_code()?, Some(0));
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::System`] if there are more than `ulimit -n` sources, or no memory.
pub fn wait(sources: &[&dyn AsFd], timeout: Option<Duration>) -> Result<Vec<usize>> {
    wait_until(sources, timeout.map_or(Deadline::NEVER, Deadline::after))
}

/// [`wait`] with a deadline.
///
/// # Errors
///
/// As for [`wait`].
pub fn wait_until(sources: &[&dyn AsFd], deadline: Deadline) -> Result<Vec<usize>> {
    let mut fds: Vec<_> = sources
        .iter()
        .map(|source| PollFd::from_borrowed_fd(source.as_fd(), PollFlags::IN))
        .collect();
    let waited = poll_until(&mut fds, deadline);
    waited.map_err(|e| Error::system("wait", "wait for fewer at once", e))?;
    Ok((0..fds.len()).filter(|&i| !fds[i].revents().is_empty()).collect())
}
