//! [`pipe`]: two [`Connection`]s that talk to each other.

use std::io;
use std::os::fd::OwnedFd;

use ipc_error::{Error, Result};
use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType, shutdown, socketpair};

use crate::os::descriptor::above_stdio;
use crate::pipe::connection::Connection;
use crate::pipe::part_message::Turns;

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
    let (a, b) = sockets()?;
    let [turns_of_a, turns_of_b] = Turns::of_both_ends()?;
    Ok((Connection::sharing(a, turns_of_a), Connection::sharing(b, turns_of_b)))
}

/// The same for ends that share no memory, because one of them is sent to another process: see
/// [`Connection::of`].
///
/// # Errors
///
/// As for [`pipe`].
pub fn unshared_pipe<A, B>() -> Result<(Connection<A, B>, Connection<B, A>)> {
    let (a, b) = sockets()?;
    Ok((Connection::of(a), Connection::of(b)))
}

fn sockets() -> Result<(OwnedFd, OwnedFd)> {
    // Packets keep messages apart, however many processes send and receive at the same time.
    let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let pair = pair.map_err(io::Error::from);
    let pair = pair.and_then(|(a, b)| Ok((above_stdio(a)?, above_stdio(b)?)));
    pair.map_err(|e| Error::system("make a pipe", "close some files (ulimit -n)", e))
}

/// A pipe that goes one way: the first end receives, the second sends; Python's `Pipe(False)`.
///
/// ```
/// use ipc_common::{Error, Process, one_way_pipe};
///
/// let (receiver, sender) = one_way_pipe::<String>()?;
/// let child = Process::new(move || sender.send(&"hello".into())).start()?;
/// assert_eq!(receiver.recv()?, "hello");
/// child.join()?;
/// assert!(matches!(receiver.recv(), Err(Error::Hangup))); // no process has the other end
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// # Errors
///
/// As for [`pipe`].
pub fn one_way_pipe<T>() -> Result<(Connection<Nothing, T>, Connection<T, Nothing>)> {
    let (receiver, sender) = pipe()?;
    // So that poll finds out: from this side nothing will come.
    shutdown(&receiver, Shutdown::Write)
        .map_err(|e| Error::system("make a pipe go one way", "", io::Error::from(e)))?;
    Ok((receiver, sender))
}

/// What a [`one_way_pipe`] carries the other way: there is no such value.
///
/// ```
/// use ipc_common::{Connection, Nothing, one_way_pipe};
///
/// let (receiver, sender): (Connection<Nothing, u32>, Connection<u32, Nothing>) = one_way_pipe()?;
/// sender.send(&7)?;
/// assert_eq!(receiver.recv()?, 7);
/// # Ok::<(), ipc_common::Error>(())
/// ```
#[derive(serde::Serialize, serde::Deserialize, Debug)]
pub enum Nothing {}
