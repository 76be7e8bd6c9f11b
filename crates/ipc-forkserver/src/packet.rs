//! Packets: bytes and descriptors that arrive together, or not at all.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ipc_queue::internal::above_stdio;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair,
};

/// The kernel passes no more descriptors at a time.
pub(crate) const MOST_FILES: usize = 253;

/// The largest packet.
pub(crate) const MOST_BYTES: usize = 32 << 10;

pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    Ok((above_stdio(pair.0)?, above_stdio(pair.1)?))
}

pub(crate) fn send(socket: impl AsFd, bytes: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() {
        rights.push(SendAncillaryMessage::ScmRights(files));
    }
    loop {
        match sendmsg(&socket, &[IoSlice::new(bytes)], &mut rights, SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            sent => return Ok(sent.map(drop)?),
        }
    }
}

/// The next packet; `None` if the other end is closed.
pub(crate) fn recv(socket: impl AsFd) -> io::Result<Option<(Vec<u8>, Vec<OwnedFd>)>> {
    let mut bytes = vec![0; MOST_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FILES))];
    let mut rights = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut into = [IoSliceMut::new(&mut bytes)];
        match recvmsg(&socket, &mut into, &mut rights, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            // The other end was closed with packets in it.
            Err(Errno::CONNRESET) => return Ok(None),
            received => break received?,
        }
    };
    let mut files = Vec::new();
    for message in rights.drain() {
        if let RecvAncillaryMessage::ScmRights(some) = message {
            files.extend(some);
        }
    }
    if received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(Errno::MFILE.into()); // no room for a descriptor
    }
    bytes.truncate(received.bytes);
    Ok((received.bytes > 0).then_some((bytes, files)))
}
