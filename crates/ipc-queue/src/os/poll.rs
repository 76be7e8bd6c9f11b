//! [`poll_until`]: `poll` with a deadline that signals do not move.

use std::io;

use ipc_sync::internal::Deadline;
use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

/// Waits until one of the descriptors is ready; how many are, none if the deadline came first.
pub fn poll_until(fds: &mut [PollFd<'_>], deadline: Deadline) -> io::Result<usize> {
    loop {
        let timeout = deadline.remaining();
        let timeout = timeout.map(|t| Timespec { tv_sec: t.tv_sec(), tv_nsec: t.tv_nsec() });
        match poll(fds, timeout.as_ref()) {
            Err(Errno::INTR) => continue,
            ready => return Ok(ready?),
        }
    }
}
