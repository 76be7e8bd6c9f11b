//! [`wait`]: for many things at once.

use std::os::fd::AsFd;
use std::time::Duration;

use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;
use rustix::event::{PollFd, PollFlags};

use crate::os::poll::poll_until;

/// Waits until something can be received from one of `sources`, which may be
/// [`Connection`](crate::Connection)s, `Child`ren (ready when they have ended), queues'
/// [descriptors](crate::Queue::fd) and anything else with one; Python's `multiprocessing.connection.wait`.
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

/// [`wait`] for sources of one type, in any collection: `wait_for(&children, None)`,
/// `wait_for([&a, &b], None)`.
///
/// (For `wait`, the compiler needs a slice of `&dyn AsFd`, to which it turns each source only where
/// they are written down one by one.)
///
/// ```
/// use ipc_common::{Child, Process, wait_for};
///
/// let start = |n: u8| Process::new(move || std::process::ExitCode::from(n)).start();
/// let mut children = (0..3).map(start).collect::<ipc_common::Result<Vec<Child>>>()?;
/// while !children.is_empty() {
///     // From the last on: so those that are left keep their places.
///     for ended in wait_for(&children, None)?.into_iter().rev() {
///         let child = children.swap_remove(ended);
///         println!("{} ended with {}", child.name(), child.join()?);
///     }
/// }
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// # Errors
///
/// As for [`wait`].
pub fn wait_for<S: AsFd>(
    sources: impl IntoIterator<Item = S>,
    timeout: Option<Duration>,
) -> Result<Vec<usize>> {
    let sources: Vec<S> = sources.into_iter().collect();
    let sources: Vec<&dyn AsFd> = sources.iter().map(|source| source as &dyn AsFd).collect();
    wait(&sources, timeout)
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
