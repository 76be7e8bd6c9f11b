//! Messages on a socket whose two ends share no memory, and which one process at a time uses, as a
//! manager and a client do: a large message is a file in memory, which goes through the socket, so
//! that neither side waits for the other in the middle of one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};

use ipc_error::{Error, Result};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use crate::pipe::packet::{Socket, send_error};

/// Messages up to this size are in the packet itself.
const IN_PACKET: usize = 16 << 10;

/// The last byte of a packet says where the message is.
const HERE: u8 = 0;
const IN_FILE: u8 = 1;

pub(crate) fn send(socket: &Socket, message: &[u8]) -> Result<()> {
    if message.len() <= IN_PACKET {
        match socket.send(&[message, &[HERE]], &[]) {
            // The system's buffers are smaller than they usually are.
            Err(Errno::MSGSIZE) => {}
            sent => return sent.map_err(send_error),
        }
    }
    // The kernel would not only refuse the write, but end the process by SIGXFSZ.
    if getrlimit(Resource::Fsize).current.is_some_and(|most| most < message.len() as u64) {
        let tried = format!("send a message of {} bytes", message.len());
        return Err(Error::system(tried, "raise the limit on files (ulimit -f)", Errno::FBIG));
    }
    let file = memfd_create(c"message", MemfdFlags::CLOEXEC).map_err(io::Error::from);
    let file = file.and_then(|file| {
        let mut file = File::from(file);
        file.write_all(message)?;
        Ok(file)
    });
    let file = file.map_err(|e| Error::system("send a large message", "", e))?;
    socket.send(&[&[IN_FILE]], &[file.as_fd()]).map_err(send_error)
}

pub(crate) fn recv(socket: &Socket, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.resize(IN_PACKET + 1, 0);
    let (len, file) = socket.recv_with_file(bytes).map_err(|e| match e {
        Errno::NOBUFS => {
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

fn read_whole(file: OwnedFd, into: &mut Vec<u8>) -> io::Result<()> {
    let mut file = File::from(file);
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into()); // not a sender's, and it may never end
    }
    file.seek(SeekFrom::Start(0))?; // the sender's position came along
    file.read_to_end(into).map(drop)
}
