//! [`PidFd`]: a file descriptor that means one process and can never come to mean another.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::Signal;

use ipc_sync::internal::Deadline;

pub struct PidFd(OwnedFd);

impl PidFd {
    /// For a child that has not been reaped: until then its id is not given to another process.
    pub fn open(pid: u32) -> io::Result<Self> {
        // SAFETY: the call takes two integers.
        let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
        let fd = RawFd::try_from(fd).expect("a descriptor is a small number");
        // SAFETY: the kernel has just made this descriptor for us. It is closed on exec.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        above_stdio(fd).map(PidFd)
    }

    /// Sends a signal. A process that has ended is no error: what was wanted is so.
    pub fn send_signal(&self, signal: Signal) -> io::Result<()> {
        // SAFETY: the third argument may be null; the others are integers.
        let result = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.0.as_raw_fd(),
                signal as i32,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        match Errno::result(result) {
            Ok(_) | Err(Errno::ESRCH) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Waits until the process has ended; `false` if the deadline came first.
    pub fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        loop {
            let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            match ppoll(&mut fds, deadline.remaining(), None) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Reaps the process if it has ended: its exit code, or -N if signal N ended it.
    ///
    /// (nix's `waitid` loses the code of a process that a real-time signal ended.)
    pub fn reap(&self) -> io::Result<Option<i32>> {
        // SAFETY: siginfo_t is plain data, for which zero bytes are valid.
        let mut info: libc::siginfo_t = unsafe { mem::zeroed() };
        let fd = self.0.as_raw_fd().cast_unsigned();
        // SAFETY: the kernel fills `info`, which outlives the call.
        let result = unsafe {
            libc::waitid(libc::P_PIDFD, fd, &raw mut info, libc::WEXITED | libc::WNOHANG)
        };
        Errno::result(result)?;
        // SAFETY: after a successful waitid these fields are set; the pid is 0 if nobody ended.
        let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
        Ok((pid != 0).then_some(if info.si_code == libc::CLD_EXITED { status } else { -status }))
    }
}

/// Descriptors 0, 1 and 2 mean something, also where a program has closed them.
pub fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() > 2 {
        return Ok(fd);
    }
    let copy = fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(3))?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

impl AsFd for PidFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
