//! Unix sockets, as one would use them by hand.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::outcome::Outcome;
use crate::peers::channel::Channel;

/// The largest packet that the kernel's buffers take everywhere.
pub(crate) const LARGEST_PACKET: usize = 64 << 10;

/// What goes before and after the bytes of an item.
const FRAME: usize = 64;

/// A pair that keeps packets apart: items as MessagePack, from any number of senders to any number
/// of receivers.
pub(crate) struct Packets {
    ends: (OwnedFd, OwnedFd),
    buffer: RefCell<Vec<u8>>,
}

impl Packets {
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Packets { ends: packet_sockets()?, buffer: RefCell::default() })
    }
}

fn packet_sockets() -> Outcome<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?)
}

impl<T: Serialize + DeserializeOwned> Channel<T> for Packets {
    fn put(&self, item: &T) -> Outcome<()> {
        let mut buffer = self.buffer.borrow_mut();
        buffer.clear();
        rmp_serde::encode::write(&mut *buffer, item)?;
        send(self.ends.0.as_raw_fd(), &buffer, MsgFlags::empty())?;
        Ok(())
    }

    fn get(&self) -> Outcome<T> {
        let mut buffer = self.buffer.borrow_mut();
        buffer.resize(LARGEST_PACKET + FRAME, 0);
        let len = recv(self.ends.1.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        Ok(rmp_serde::from_slice(&buffer[..len])?)
    }
}

/// A stream: each item as MessagePack, after its length. One sender, one receiver.
pub(crate) struct Stream {
    ends: (UnixStream, UnixStream),
    buffer: RefCell<Vec<u8>>,
}

impl Stream {
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Stream { ends: UnixStream::pair()?, buffer: RefCell::default() })
    }
}

impl<T: Serialize + DeserializeOwned> Channel<T> for Stream {
    fn put(&self, item: &T) -> Outcome<()> {
        let mut buffer = self.buffer.borrow_mut();
        buffer.clear();
        buffer.extend([0; size_of::<u64>()]);
        rmp_serde::encode::write(&mut *buffer, item)?;
        let len = (buffer.len() - size_of::<u64>()) as u64;
        buffer[..size_of::<u64>()].copy_from_slice(&len.to_le_bytes());
        Ok((&self.ends.0).write_all(&buffer)?)
    }

    fn get(&self) -> Outcome<T> {
        let mut len = [0; size_of::<u64>()];
        (&self.ends.1).read_exact(&mut len)?;
        let mut buffer = self.buffer.borrow_mut();
        buffer.resize(u64::from_le_bytes(len) as usize, 0);
        (&self.ends.1).read_exact(&mut buffer)?;
        Ok(rmp_serde::from_slice(&buffer)?)
    }
}

/// One end of a pair of sockets that carries numbers and nothing else.
pub(crate) struct Bare(OwnedFd);

impl Bare {
    pub(crate) fn pair() -> Outcome<(Bare, Bare)> {
        let (left, right) = packet_sockets()?;
        Ok((Bare(left), Bare(right)))
    }
}

impl Channel<u64> for Bare {
    fn put(&self, item: &u64) -> Outcome<()> {
        send(self.0.as_raw_fd(), &item.to_le_bytes(), MsgFlags::empty())?;
        Ok(())
    }

    fn get(&self) -> Outcome<u64> {
        let mut item = [0; size_of::<u64>()];
        recv(self.0.as_raw_fd(), &mut item, MsgFlags::empty())?;
        Ok(u64::from_le_bytes(item))
    }
}
