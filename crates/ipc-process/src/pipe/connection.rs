//! [`pipe`]: two [`Connection`]s that talk to each other; and [`wait`] for many at once.

use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, Shutdown, SockFlag, SockType,
    recvmsg, sendmsg, shutdown, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{decode, encode, with_buffer};
use crate::process::pidfd::above_stdio;
use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;

/// Messages up to this size go through the socket itself. For a larger one the socket carries a
/// file in memory that holds it, so that it too arrives whole or not at all.
const INLINE: usize = 16 << 10;

/// How often to look for a message before going to sleep, which costs much more.
const LOOKS: u32 = 20;

/// Two connected ends that can both send and receive; Python's `Pipe()`.
///
/// `A` is what the first sends and the second receives, `B` what goes the other way.
///
/// ```
/// use ipc_common::{Process, pipe};
///
/// let (left, right) = pipe::<u32, String>()?;
/// let child = Process::new(|| -> ipc_common::Result<()> {
///     let number = right.recv()?;
///     right.send(&format!("got {number}"))
/// });
/// let child = child.start()?;
/// left.send(&7)?;
/// assert_eq!(left.recv()?, "got 7");
/// child.join()?;
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::System`] if no descriptors are left.
pub fn pipe<A, B>() -> Result<(Connection<A, B>, Connection<B, A>)> {
    // Packets keep messages apart, whoever sends and receives at the same time.
    let pair = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC);
    let pair =
        pair.map_err(io::Error::from).and_then(|(a, b)| Ok((above_stdio(a)?, above_stdio(b)?)));
    let (a, b) =
        pair.map_err(|e| Error::system("make a pipe", "close some files (ulimit -n)", e))?;
    Ok((Connection::of(a), Connection::of(b)))
}

/// A pipe that goes one way: the first end receives, the second sends; Python's `Pipe(False)`.
///
/// # Errors
///
/// As for [`pipe`].
pub fn one_way_pipe<T>() -> Result<(Connection<Nothing, T>, Connection<T, Nothing>)> {
    let (receiver, sender) = pipe()?;
    // For those who wait with poll: from this side nothing will come.
    let done = shutdown(receiver.socket.as_raw_fd(), Shutdown::Write);
    done.map_err(|e| Error::system("make a pipe go one way", "", e))?;
    Ok((receiver, sender))
}

/// What a [`one_way_pipe`] carries the other way: there is no such value.
#[derive(serde::Serialize, serde::Deserialize, Debug)]
pub enum Nothing {}

/// One end of a [`pipe`]; Python's `Connection`. It sends `S` and receives `R`.
///
/// Any number of processes and threads may use one end at the same time: each message goes to one
/// of those who receive, whole. If a sender is killed in the middle, its message is not there.
///
/// The connection ends when the other end is closed in *all* processes that have it, and a process
/// that is started gets a copy of every end that is open then, whether its closure uses it or not.
/// Move each end into the closure that needs it, so that the parent keeps none, and start the first
/// of two children [without](crate::Process::start_without) the end that is for the second.
pub struct Connection<S, R = S> {
    socket: OwnedFd,
    types: PhantomData<fn(S) -> R>,
}

impl<S, R> Connection<S, R> {
    /// What comes from the socket must be sent by another `Connection`.
    pub fn of(socket: OwnedFd) -> Self {
        Connection { socket, types: PhantomData }
    }
}

impl<S: Serialize, R> Connection<S, R> {
    /// Sends a message; Python's `send(obj)`.
    ///
    /// Blocks while too many messages (a few hundred) have not been received.
    ///
    /// # Errors
    ///
    /// [`Error::Hangup`] if the other end is closed everywhere, [`Error::Encode`] if the message
    /// cannot be serialised, [`Error::System`] if there is no memory.
    pub fn send(&self, message: &S) -> Result<()> {
        with_buffer(|bytes| {
            encode(message, bytes)?;
            self.send_encoded(bytes)
        })
    }

    /// Sends a message that is encoded already.
    #[doc(hidden)]
    pub fn send_encoded(&self, message: &[u8]) -> Result<()> {
        let sent = if message.len() <= INLINE {
            match self.send_packet(message, &[]) {
                // The system's buffers are smaller than they usually are.
                Err(Errno::EMSGSIZE) => self.send_file(message),
                sent => sent,
            }
        } else {
            self.send_file(message)
        };
        sent.map_err(|e| match e {
            Errno::EPIPE => Error::Hangup,
            e => Error::system("send", "", e),
        })
    }

    /// The last byte of a packet says whether the message is in it (0) or in a file (1).
    pub fn send_packet(&self, message: &[u8], files: &[RawFd]) -> nix::Result<()> {
        let kind = [u8::from(!files.is_empty())];
        let parts = [IoSlice::new(message), IoSlice::new(&kind)];
        let rights = [ControlMessage::ScmRights(files)];
        let rights = if files.is_empty() { &rights[..0] } else { &rights[..] };
        loop {
            match sendmsg::<()>(
                self.socket.as_raw_fd(),
                &parts,
                rights,
                MsgFlags::MSG_NOSIGNAL,
                None,
            ) {
                // A peer that ended with messages unread; the next call says what is now.
                Err(Errno::EINTR | Errno::ECONNRESET) => continue,
                sent => return sent.map(drop),
            }
        }
    }

    fn send_file(&self, message: &[u8]) -> nix::Result<()> {
        let mut file = File::from(memfd_create(c"message", MFdFlags::MFD_CLOEXEC)?);
        let written = file.write_all(message);
        written.map_err(|e| Errno::from_raw(e.raw_os_error().unwrap_or(libc::EIO)))?;
        self.send_packet(&[], &[file.as_raw_fd()])
    }
}

impl<S, R: DeserializeOwned> Connection<S, R> {
    /// Receives a message; Python's `recv()`. Blocks until there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Hangup`] if there is none and the other end is closed everywhere (Python's
    /// `EOFError`). [`Error::Decode`] if the message is no `R`: it is gone, the next can be received.
    /// [`Error::System`] if the message is larger than 16 KiB and no descriptor is free for it.
    pub fn recv(&self) -> Result<R> {
        with_buffer(|bytes| {
            self.recv_encoded(bytes)?;
            decode(bytes)
        })
    }

    /// Receives a message, and leaves it encoded.
    #[doc(hidden)]
    pub fn recv_encoded(&self, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.resize(INLINE + 1, 0);
        let (len, file) = self.recv_packet(bytes).map_err(|e| match e {
            Errno::ENOBUFS => {
                let tried = "receive a large message, which is lost";
                Error::system(tried, "close some files (ulimit -n)", e)
            }
            e => Error::system("receive", "", e),
        })?;
        bytes.truncate(len);
        match (bytes.pop(), file) {
            (None, _) => Err(Error::Hangup),
            (Some(_), None) => Ok(()),
            (Some(_), Some(file)) => {
                read_whole(file, bytes).map_err(|e| Error::system("receive a large message", "", e))
            }
        }
    }

    pub fn recv_packet(&self, bytes: &mut [u8]) -> nix::Result<(usize, Option<File>)> {
        // Room for as many descriptors as the kernel sends at once: what does not belong there is
        // closed, too.
        let mut space = cmsg_space!([RawFd; 253]);
        let mut parts = [IoSliceMut::new(bytes)];
        let mut tries = 0;
        loop {
            tries += 1;
            let patience = if tries < LOOKS { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
            let (fd, flags) = (self.socket.as_raw_fd(), MsgFlags::MSG_CMSG_CLOEXEC | patience);
            let packet = match recvmsg::<()>(fd, &mut parts, Some(&mut space), flags) {
                Err(Errno::EINTR | Errno::ECONNRESET) => continue,
                Err(Errno::EAGAIN) if tries < LOOKS => continue,
                packet => packet?,
            };
            let fds = packet.cmsgs()?.flat_map(|message| match message {
                ControlMessageOwned::ScmRights(fds) => fds,
                _ => Vec::new(),
            });
            // SAFETY: the kernel has just made these descriptors for us.
            let file = fds.map(|fd| unsafe { File::from_raw_fd(fd) }).last();
            return Ok((packet.bytes, file));
        }
    }

    /// Whether a message can be received, or the end be seen, without blocking; waits for it for at
    /// most `timeout`. Python's `poll(timeout)`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the kernel has no memory.
    pub fn poll(&self, timeout: Duration) -> Result<bool> {
        Ok(!wait(&[self], Some(timeout))?.is_empty())
    }
}

fn read_whole(mut file: File, into: &mut Vec<u8>) -> io::Result<()> {
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into()); // a stranger's, which may never end
    }
    file.seek(SeekFrom::Start(0))?; // the sender's position came along
    file.read_to_end(into).map(drop)
}

/// Waits until something can be received from one of `sources`, which may be [`Connection`]s,
/// [`Child`](crate::Child)ren (ready when they have ended) and anything else with a descriptor;
/// Python's `multiprocessing.connection.wait`.
///
/// Returns the positions of those that are ready, none if `timeout` passed first. `None` waits for
/// as long as it takes.
///
/// # Errors
///
/// [`Error::System`] if there are more than `ulimit -n` sources, or no memory.
pub fn wait(sources: &[&dyn AsFd], timeout: Option<Duration>) -> Result<Vec<usize>> {
    wait_until(sources, timeout.map_or(Deadline::NEVER, Deadline::after))
}

pub fn wait_until(sources: &[&dyn AsFd], deadline: Deadline) -> Result<Vec<usize>> {
    let mut fds: Vec<_> =
        sources.iter().map(|source| PollFd::new(source.as_fd(), PollFlags::POLLIN)).collect();
    loop {
        match ppoll(&mut fds, deadline.remaining(), None) {
            Err(Errno::EINTR) => continue,
            ready => ready.map_err(|e| Error::system("wait", "wait for fewer at once", e))?,
        };
        let is_ready = |fd: &PollFd<'_>| fd.revents().is_some_and(|events| !events.is_empty());
        return Ok((0..fds.len()).filter(|&i| is_ready(&fds[i])).collect());
    }
}

impl<S, R> AsFd for Connection<S, R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl<S, R> fmt::Debug for Connection<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("fd", &self.socket.as_raw_fd()).finish()
    }
}
