//! What the processes of a program print.

use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, setsockopt,
    socketpair, sockopt,
};
use nix::time::{ClockId, clock_gettime};

/// A line, when it was read, and the id of the process that has written it.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// Microseconds of the monotonic clock.
    pub time: f64,
    /// The process's id.
    pub pid: u32,
    /// Without its end.
    pub text: String,
}

/// The end of a program's standard output at which it is read.
#[derive(Debug)]
pub struct Reader {
    socket: OwnedFd,
    printed: Vec<Printed>,
    /// The beginnings of lines, by process.
    unfinished: BTreeMap<u32, Vec<u8>>,
}

/// A reader, and what is to be the program's standard output.
///
/// # Errors
///
/// Those of the system: no descriptors are left.
pub fn reader() -> nix::Result<(Reader, OwnedFd)> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let (socket, output) = socketpair(AddressFamily::Unix, SockType::Stream, None, flags)?;
    setsockopt(&socket, sockopt::PassCred, &true)?; // the kernel names each writer
    Ok((Reader { socket, printed: Vec::new(), unfinished: BTreeMap::new() }, output))
}

impl Reader {
    /// Reads until all processes have closed the output, or for `limit`. Returns the lines so far, and
    /// whether that was all.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn read_all(mut self, limit: Duration) -> nix::Result<(Vec<Printed>, bool)> {
        let started = Instant::now();
        let mut is_open = true;
        while is_open && self.wait(limit.saturating_sub(started.elapsed()))? {
            is_open = self.read()?;
        }
        for (pid, rest) in std::mem::take(&mut self.unfinished) {
            self.add(now()?, pid, &rest);
        }
        Ok((self.printed, !is_open))
    }

    /// Whether there is something to read before the time is up.
    fn wait(&self, time: Duration) -> nix::Result<bool> {
        let timeout = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
        poll(&mut [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)], timeout).map(|n| n > 0)
    }

    /// Reads something; `false` at the end. The kernel mixes no two processes' bytes in one answer.
    fn read(&mut self) -> nix::Result<bool> {
        let mut buffer = vec![0; 64 << 10];
        let mut control = nix::cmsg_space!(nix::sys::socket::UnixCredentials);
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let received = recvmsg::<()>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::empty(),
        );
        let received = match received {
            Err(Errno::EINTR) => return Ok(true),
            received => received?,
        };
        let writer = received.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::ScmCredentials(writer) => Some(writer.pid().cast_unsigned()),
            _ => None,
        });
        let (time, len) = (now()?, received.bytes);
        let pid = writer.unwrap_or(0);
        let mut text = self.unfinished.remove(&pid).unwrap_or_default();
        text.extend_from_slice(&buffer[..len]);
        let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let rest = text.split_off(end);
        if !rest.is_empty() {
            self.unfinished.insert(pid, rest);
        }
        text.split_inclusive(|&byte| byte == b'\n').for_each(|line| self.add(time, pid, line));
        Ok(len > 0)
    }

    fn add(&mut self, time: f64, pid: u32, line: &[u8]) {
        let text = String::from_utf8_lossy(line).trim_end().to_owned();
        self.printed.push(Printed { time, pid, text });
    }
}

/// Microseconds of the monotonic clock.
pub(crate) fn now() -> nix::Result<f64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    Ok(now.tv_sec() as f64 * 1e6 + now.tv_nsec() as f64 / 1e3)
}
