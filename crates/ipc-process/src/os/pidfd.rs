//! [`PidFd`]: a file descriptor that means one process and can never come to mean another.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ipc_sync::internal::Deadline;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};

use ipc_queue::internal::above_stdio;
use ipc_queue::internal::poll_until;

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct PidFd(OwnedFd);

impl PidFd {
    /// For this process, or a child that has not been reaped: until then its id is not given to
    /// another process. Closed on exec.
    pub(crate) fn open(pid: u32) -> io::Result<Self> {
        let pid = Pid::from_raw(pid.cast_signed()).ok_or(Errno::SRCH)?;
        above_stdio(pidfd_open(pid, PidfdFlags::empty())?).map(PidFd)
    }

    /// One that another process has opened for a child of this one.
    pub(crate) fn of(pidfd: OwnedFd) -> Self {
        PidFd(pidfd)
    }

    /// Sends a signal. A process that has ended is no error: what was wanted is so.
    pub(crate) fn send_signal(&self, signal: Signal) -> io::Result<()> {
        match pidfd_send_signal(&self.0, signal) {
            Err(e) if e != Errno::SRCH => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// Waits until the process has ended; `false` if the deadline came first.
    pub(crate) fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        Ok(poll_until(&mut [PollFd::new(&self.0, PollFlags::IN)], deadline)? > 0)
    }

    /// Reaps the process if it has ended: its exit code, or -N if signal N ended it.
    pub(crate) fn reap(&self) -> io::Result<Option<i32>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let ended = waitid(WaitId::PidFd(self.0.as_fd()), options)?;
        Ok(ended.map(|status| match status.terminating_signal() {
            Some(signal) => -signal,
            None => status.exit_status().expect("what has ended has exited, or a signal ended it"),
        }))
    }
}

impl AsFd for PidFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
