//! What a [`Connection`] sends as it is: bytes and files.

use std::os::fd::{AsFd, OwnedFd};

use ipc_error::{Error, Result};

use crate::pipe::connection::Connection;
use crate::pipe::part_message::Turns;
use crate::pipe::sent_file;

impl<S, R> Connection<S, R> {
    /// Sends bytes as they are; Python's `send_bytes(buffer)`. The other end takes them with
    /// [`recv_bytes`](Connection::recv_bytes). Blocks as [`send`](Connection::send) does.
    ///
    /// ```
    /// let (left, right) = ipc_common::pipe::<(), ()>()?;
    /// left.send_bytes(b"a picture, say")?;
    /// left.send_bytes(b"another")?;
    /// assert_eq!(right.recv_bytes()?, b"a picture, say");
    /// let mut buffer = Vec::with_capacity(1 << 20); // for all that come
    /// right.recv_bytes_into(&mut buffer)?;
    /// assert_eq!(buffer, b"another");
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Hangup`] if the other end is closed everywhere, [`Error::System`] if there is no
    /// memory.
    pub fn send_bytes(&self, bytes: &[u8]) -> Result<()> {
        self.turns()?.send(&self.socket, bytes)
    }

    /// Receives what was sent with [`send_bytes`](Connection::send_bytes); Python's `recv_bytes()`.
    /// Blocks until there is something.
    ///
    /// # Errors
    ///
    /// As for [`recv`](Connection::recv), but for [`Error::Decode`].
    pub fn recv_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.recv_bytes_into(&mut bytes)?;
        Ok(bytes)
    }

    /// The same, in the place of what is in `buffer`, whose memory is used again; Python's
    /// `recv_bytes_into(buffer)`. There is no `BufferTooShort`: it grows.
    ///
    /// # Errors
    ///
    /// As for [`recv_bytes`](Connection::recv_bytes). The buffer is empty then.
    pub fn recv_bytes_into(&self, buffer: &mut Vec<u8>) -> Result<()> {
        buffer.clear();
        let received = self.turns()?.recv(&self.socket, buffer);
        received.inspect_err(|_| buffer.clear())
    }

    /// Sends an open file, a socket or anything else with a descriptor; Python's
    /// `multiprocessing.reduction.send_handle`. The receiver gets a descriptor of its own, and this
    /// process keeps the one that it has. Blocks as [`send`](Connection::send) does.
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::{Read, Write};
    /// use ipc_common::{Process, pipe};
    ///
    /// let (left, right) = pipe::<(), String>()?;
    /// let child = Process::new(|| -> Result<(), Box<dyn std::error::Error>> {
    ///     let mut text = String::new();
    ///     File::from(right.recv_fd()?).read_to_string(&mut text)?;
    ///     right.send(&text)?;
    ///     Ok(())
    /// });
    /// let child = child.start()?;
    /// // Opened after the child was started:
    /// let (reader, mut writer) = std::io::pipe()?;
    /// left.send_fd(&reader)?;
    /// writer.write_all(b"through another pipe")?;
    /// drop(writer);
    /// assert_eq!(left.recv()?, "through another pipe");
    /// # assert_eq!(child.join()?, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Files and messages come in the order in which they were sent, and the other end knows which is
    /// next: what it does not ask for is lost, with an error.
    ///
    /// # Errors
    ///
    /// [`Error::Hangup`] if the other end is closed everywhere; [`Error::System`] if there is no
    /// memory, or more descriptors are on their way than this user may have open.
    #[doc(alias = "send_handle")]
    pub fn send_fd(&self, file: impl AsFd) -> Result<()> {
        sent_file::send(self.turns()?, &self.socket, file.as_fd())
    }

    /// Receives what was sent with [`send_fd`](Connection::send_fd); Python's
    /// `multiprocessing.reduction.recv_handle`. Blocks until there is something. It is closed on exec.
    ///
    /// # Errors
    ///
    /// [`Error::Hangup`] if there is none and the other end is closed everywhere; [`Error::Invalid`] if
    /// a message came, and [`Error::System`] if this process has as many files open as it may: it is
    /// lost, the next can be received.
    #[doc(alias = "recv_handle")]
    pub fn recv_fd(&self) -> Result<OwnedFd> {
        sent_file::recv(self.turns()?, &self.socket)
    }

    fn turns(&self) -> Result<&Turns> {
        self.turns
            .as_ref()
            .ok_or(Error::Invalid("cannot use this end of a pipe: it shares no memory"))
    }
}
