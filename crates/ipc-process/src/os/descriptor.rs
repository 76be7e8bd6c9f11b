//! Descriptors in a new child, where a page that is written to has to be copied first, and code of the C
//! library that is used once takes as long as to map 64 KiB of it.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd};
use std::sync::Arc;

use ipc_queue::internal::above_stdio;

/// What takes the place of standard input.
pub(crate) fn open_null() -> io::Result<OwnedFd> {
    above_stdio(File::open("/dev/null")?.into())
}

/// Closes it by no more than the system call.
pub(crate) fn close(file: OwnedFd) {
    // SAFETY: it had one owner, which is gone.
    unsafe { rustix::io::close(file.into_raw_fd()) }
}

/// Drops it, but does not free its memory if it was the last. In a process with one thread.
pub(crate) fn close_if_last(file: Arc<impl AsFd>) {
    if Arc::strong_count(&file) > 1 {
        return; // whoever else has it closes it
    }
    let raw = file.as_fd().as_raw_fd();
    std::mem::forget(file);
    // SAFETY: this was the only owner, and is gone.
    unsafe { rustix::io::close(raw) }
}
