//! [`above_stdio`]: descriptors that are none of the standard ones.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::fcntl_dupfd_cloexec;

/// Moves a descriptor above 0, 1 and 2, which mean something also where a program has closed them.
pub fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    match fd.as_raw_fd() {
        0..=2 => Ok(fcntl_dupfd_cloexec(&fd, 3)?),
        _ => Ok(fd),
    }
}
