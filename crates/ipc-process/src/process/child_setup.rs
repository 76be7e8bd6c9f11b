//! What a new child changes before its closure runs.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use ipc_error::{Error, Result};
use nix::fcntl::OFlag;
use nix::unistd::dup3_raw;
use rustix::process::{
    Pid, Signal, getpid, getppid, kill_process, set_parent_process_death_signal,
};
use rustix::stdio::dup2_stdin;

use crate::os::descriptor::close;

/// Sets up this process, a new child of `parent`. `null` takes the place of standard input and of
/// the ends that it is started `without`.
pub(crate) fn set_up_child(
    parent: u32,
    ends_with_parent: bool,
    null: OwnedFd,
    without: &[&dyn AsFd],
) -> Result<()> {
    let failed = |e: io::Error| Error::system("set up a new process", "", e);
    if getppid().is_none() {
        return Err(Error::Unsupported("its parent is in another pid namespace"));
    }
    if ends_with_parent {
        end_with(parent).map_err(failed)?;
    }
    dup2_stdin(&null).map_err(|e| failed(e.into()))?;
    for end in without {
        // Its number still means something, so that no other file can come to be mistaken for it.
        // SAFETY: `end` is open, and its owner in this process finds the null device in its place.
        let replaced = unsafe { dup3_raw(&null, end.as_fd().as_raw_fd(), OFlag::O_CLOEXEC) };
        mem::forget(replaced.map_err(|e| failed(e.into()))?); // it has an owner
    }
    close(null);
    Ok(())
}

/// This thread draws other random numbers from now on than a copy of it. (A fork copies rand's generator
/// with the rest of the memory.)
pub(crate) fn reseed() -> io::Result<()> {
    rand::rng().reseed().map_err(io::Error::other)
}

/// Makes the kernel kill this process when its parent dies.
fn end_with(parent: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // A parent that died before the kernel was asked is not reported any more.
    if getppid().map_or(0, Pid::as_raw_pid).cast_unsigned() != parent {
        kill_process(getpid(), Signal::KILL)?;
    }
    Ok(())
}
