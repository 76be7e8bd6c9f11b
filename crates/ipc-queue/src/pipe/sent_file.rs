//! Files on a pipe, which come between messages: a packet with a descriptor beside it.

use std::os::fd::{BorrowedFd, OwnedFd};

use ipc_error::{Error, Result};
use rustix::event::PollFlags;
use rustix::io::Errno;

use crate::os::descriptor::above_stdio;
use crate::pipe::packet::{Socket, send_error};
use crate::pipe::part_message::{FILE, MORE, PART, TAIL, Turns, recv_error, send_packet};

pub(super) fn send(turns: &Turns, socket: &Socket, file: BorrowedFd<'_>) -> Result<()> {
    let _turn = turns.to_send()?;
    send_packet(socket, &[&[FILE]], &[file]).map_err(send_error)
}

pub(super) fn recv(turns: &Turns, socket: &Socket) -> Result<OwnedFd> {
    let mut begin = [0; 2];
    loop {
        let turn = turns.to_receive()?;
        match socket.peek(&mut begin).map_err(recv_error)? {
            None => {
                drop(turn);
                socket.wait_for(PollFlags::IN).map_err(recv_error)?;
            }
            Some(0) => return Err(Error::Hangup),
            Some(1) if begin[0] == FILE => return take(socket),
            Some(_) => take_message(socket)?,
        }
    }
}

/// The file that has come.
fn take(socket: &Socket) -> Result<OwnedFd> {
    let file = match socket.recv_with_file(&mut [0]) {
        Ok((_, Some(file))) => above_stdio(file),
        Ok((_, None)) | Err(Errno::NOBUFS) => Err(Errno::MFILE.into()),
        Err(e) => return Err(recv_error(e)),
    };
    file.map_err(|e| {
        Error::system("receive a file, which is lost", "close some files (ulimit -n)", e)
    })
}

/// Takes a packet that is no file: no error if its beginning was received by a process that is dead.
fn take_message(socket: &Socket) -> Result<()> {
    let mut packet = Vec::new();
    socket.look(&mut packet, PART + TAIL, 1).map_err(recv_error)?;
    match packet.last() {
        Some(&MORE) => Ok(()),
        _ => Err(Error::Invalid("cannot receive a file: a message came, which is lost")),
    }
}
