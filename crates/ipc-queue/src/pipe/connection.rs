//! [`Connection`]: one end of a pipe.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use ipc_error::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::pipe::file_message;
use crate::pipe::packet::{Socket, send_error};
use crate::pipe::part_message::Turns;
use crate::pipe::wait::wait;
use ipc_codec::decode;
use ipc_codec::encode;
use ipc_codec::with_buffer;

/// One end of a [`pipe`](crate::pipe()); Python's `Connection`. It sends `S` and receives `R`.
///
/// Any number of processes and threads may use one end at the same time: each message goes to one
/// receiver, whole. If a sender is killed in the middle, its message is not there; if a receiver is
/// killed in the middle, its message is gone with it.
///
/// A process that is *stopped* (SIGSTOP, a debugger) in the middle of a call keeps the others from
/// the same kind of call until it goes on, but not while it waits for a message.
///
/// The connection ends when the other end is closed in *all* processes that have it, and a process
/// that is started gets a copy of every end that is open then, whether its closure uses it or not.
/// Move each end into the closure that needs it, so that the parent keeps none, and start the first
/// of two children without the end that is for the second (`Process::start_without`).
///
/// ```
/// use ipc_common::{Process, pipe};
///
/// let (left, right) = pipe::<Vec<u32>, u32>()?;
/// let adder = Process::new(move || -> ipc_common::Result<()> {
///     for numbers in &right {
///         right.send(&numbers?.iter().sum())?;
///     }
///     Ok(()) // the parent has closed its end
/// });
/// let adder = adder.start_without(&[&left])?;
/// left.send(&vec![1, 2, 3])?;
/// assert_eq!(left.recv()?, 6);
/// drop(left);
/// assert_eq!(adder.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
pub struct Connection<S, R = S> {
    pub(crate) socket: Socket,
    /// Those of a [`pipe`](crate::pipe()).
    pub(crate) turns: Option<Turns>,
    pub(crate) types: PhantomData<fn(S) -> R>,
}

impl<S, R> Connection<S, R> {
    /// An end of a socket pair that came from another process, whose other end was made so, too. Only
    /// one thread of one process at a time may use it.
    #[doc(hidden)]
    pub fn of(socket: OwnedFd) -> Self {
        Connection { socket: Socket(socket), turns: None, types: PhantomData }
    }

    pub(crate) fn sharing(socket: OwnedFd, turns: Turns) -> Self {
        Connection { socket: Socket(socket), turns: Some(turns), types: PhantomData }
    }

    /// Sends a packet with files, which is no message: [`recv_packet`](Self::recv_packet) takes it.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    #[doc(hidden)]
    pub fn send_packet(&self, bytes: &[u8], files: &[BorrowedFd<'_>]) -> Result<()> {
        self.socket.send(&[bytes], files).map_err(send_error)
    }

    /// Receives a packet that is no message: its length, and the last file in it.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the kernel has no memory or no descriptors.
    #[doc(hidden)]
    pub fn recv_packet(&self, into: &mut [u8]) -> Result<(usize, Option<OwnedFd>)> {
        self.socket.recv_with_file(into).map_err(|e| Error::system("receive", "", e))
    }
}

impl<S: Serialize, R> Connection<S, R> {
    /// Sends a message; Python's `send(obj)`.
    ///
    /// Blocks while too much has not been received: about 200 kB, less with small messages. A larger
    /// message is sent in parts, so that its sender waits for a receiver.
    ///
    /// ```
    /// let (left, right) = ipc_common::pipe::<(u8, String), ()>()?;
    /// left.send(&(1, "one".into()))?;
    /// assert_eq!(right.recv()?, (1, "one".into()));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Hangup`] if the other end is closed everywhere, [`Error::Encode`] if the message
    /// cannot be serialised, [`Error::System`] if there is no memory.
    pub fn send(&self, message: &S) -> Result<()> {
        self.send_borrowed(message)
    }

    /// The same for what a message borrows as: a `&str` where messages are `String`s, a slice where they
    /// are `Vec`s. So nothing is copied to make one.
    ///
    /// ```
    /// let (left, right) = ipc_common::pipe::<Vec<u32>, ()>()?;
    /// left.send_borrowed(&[1, 2, 3][..2])?;
    /// assert_eq!(right.recv()?, [1, 2]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn send_borrowed<B>(&self, message: &B) -> Result<()>
    where
        S: Borrow<B>,
        B: Serialize + ?Sized,
    {
        with_buffer(|bytes| {
            encode(message, bytes)?;
            self.send_encoded(bytes)
        })
    }

    /// Sends a message that is encoded already.
    #[doc(hidden)]
    pub fn send_encoded(&self, message: &[u8]) -> Result<()> {
        match &self.turns {
            Some(turns) => turns.send(&self.socket, message),
            None => file_message::send(&self.socket, message),
        }
    }
}

impl<S, R: DeserializeOwned> Connection<S, R> {
    /// Receives a message; Python's `recv()`. Blocks until there is one.
    ///
    /// ```
    /// use ipc_common::{Error, pipe};
    ///
    /// let (left, right) = pipe::<(), u64>()?;
    /// right.send(&5)?;
    /// drop(right);
    /// assert_eq!(left.recv()?, 5);
    /// assert!(matches!(left.recv(), Err(Error::Hangup)));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Hangup`] if there is none and the other end is closed everywhere (Python's
    /// `EOFError`). [`Error::Decode`] if the message is no `R`, [`Error::System`] if there is no
    /// memory for it: it is gone, the next can be received.
    pub fn recv(&self) -> Result<R> {
        with_buffer(|bytes| {
            self.recv_encoded(bytes)?;
            decode(bytes)
        })
    }

    /// Receives a message, and leaves it encoded.
    #[doc(hidden)]
    pub fn recv_encoded(&self, into: &mut Vec<u8>) -> Result<()> {
        match &self.turns {
            Some(turns) => turns.recv(&self.socket, into),
            None => file_message::recv(&self.socket, into),
        }
    }

    /// Whether a message can be received, or the end be seen, without blocking; waits for it for at
    /// most `timeout`. Python's `poll(timeout)`.
    ///
    /// (If a sender was killed in the middle of a large message, the part that it has sent is taken
    /// for one, until `recv` finds that there is no more.)
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let (left, right) = ipc_common::pipe::<String, String>()?;
    /// assert!(!left.poll(Duration::from_millis(10))?);
    /// right.send(&"hello".into())?;
    /// assert!(left.poll(Duration::ZERO)?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the kernel has no memory.
    pub fn poll(&self, timeout: Duration) -> Result<bool> {
        Ok(!wait(&[self], Some(timeout))?.is_empty())
    }
}

impl<S, R> AsFd for Connection<S, R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl<S, R> fmt::Debug for Connection<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("fd", &self.as_fd().as_raw_fd()).finish()
    }
}
