//! [`Socket`]: packets, each of which arrives whole or not at all.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ipc_error::Error;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, Result as CallResult};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recv, recvmsg, sendmsg,
};

/// How often to look for a packet before going to sleep, which costs much more: for about as long as an
/// answer takes.
pub(crate) const LOOKS: u32 = 64;

/// An end of a Unix socket pair of packets.
pub(crate) struct Socket(pub OwnedFd);

impl Socket {
    /// Sends the parts as one packet, and blocks while the socket is full (unless the descriptor
    /// was set not to).
    pub(crate) fn send(&self, parts: &[&[u8]], files: &[BorrowedFd<'_>]) -> CallResult<()> {
        let parts: [_; 3] = std::array::from_fn(|n| IoSlice::new(parts.get(n).unwrap_or(&&[][..])));
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        if !files.is_empty() {
            rights.push(SendAncillaryMessage::ScmRights(files));
        }
        loop {
            match sendmsg(&self.0, &parts, &mut rights, SendFlags::NOSIGNAL) {
                // A peer that ended with packets unread; the next call says what is now.
                Err(Errno::INTR | Errno::CONNRESET) => continue,
                sent => return sent.map(drop),
            }
        }
    }

    /// Appends the next packet, of at most `size` bytes, to `into`: `None` if there is none after
    /// `looks` looks, 0 bytes if the other end is closed everywhere.
    pub(crate) fn look(
        &self,
        into: &mut Vec<u8>,
        size: usize,
        looks: u32,
    ) -> CallResult<Option<usize>> {
        into.reserve(size);
        let mut looked = 0;
        loop {
            // Without room for files, the kernel lets go of those that might come along.
            match recv(&self.0, spare_capacity(into), RecvFlags::DONTWAIT) {
                Err(Errno::INTR | Errno::CONNRESET) => continue,
                Err(Errno::AGAIN) => looked += 1,
                received => return received.map(|(len, _)| Some(len)),
            }
            if looked >= looks {
                return Ok(None);
            }
        }
    }

    /// The same, but waits for a packet.
    pub(crate) fn recv(&self, into: &mut Vec<u8>, size: usize) -> CallResult<usize> {
        loop {
            match self.look(into, size, 1)? {
                None => self.wait_for(PollFlags::IN)?,
                Some(len) => return Ok(len),
            }
        }
    }

    /// The beginning of the next packet, which stays: its length there, `None` if there is none, 0 if
    /// the other end is closed everywhere.
    pub(crate) fn peek(&self, into: &mut [u8]) -> CallResult<Option<usize>> {
        loop {
            match recv(&self.0, &mut *into, RecvFlags::PEEK | RecvFlags::DONTWAIT) {
                Err(Errno::INTR | Errno::CONNRESET) => continue,
                Err(Errno::AGAIN) => return Ok(None),
                received => return received.map(|(len, _)| Some(len)),
            }
        }
    }

    /// Receives a packet with the file that may be in it.
    pub(crate) fn recv_with_file(&self, into: &mut [u8]) -> CallResult<(usize, Option<OwnedFd>)> {
        // Room for as many descriptors as the kernel sends at once: what does not belong there is
        // closed, too.
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(into)];
        let mut looks = 0;
        loop {
            looks += 1;
            let patience = if looks < LOOKS { RecvFlags::DONTWAIT } else { RecvFlags::empty() };
            let flags = RecvFlags::CMSG_CLOEXEC | patience;
            let packet = match recvmsg(&self.0, &mut parts, &mut control, flags) {
                Err(Errno::INTR | Errno::CONNRESET) => continue,
                Err(Errno::AGAIN) if looks < LOOKS => continue,
                packet => packet?,
            };
            let files = control.drain().flat_map(|message| match message {
                RecvAncillaryMessage::ScmRights(files) => files.collect(),
                _ => Vec::new(),
            });
            return Ok((packet.bytes, files.last()));
        }
    }

    /// Sleeps until there is something to receive, or room to send.
    pub(crate) fn wait_for(&self, what: PollFlags) -> CallResult<()> {
        loop {
            match poll(&mut [PollFd::new(&self.0, what)], None) {
                Err(Errno::INTR) => continue,
                ready => return ready.map(drop),
            }
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a call that failed to send means.
pub(crate) fn send_error(e: Errno) -> Error {
    match e {
        Errno::PIPE => Error::Hangup,
        e => Error::system("send", "", e),
    }
}
