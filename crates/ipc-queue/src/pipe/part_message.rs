//! Messages on a pipe: one packet, or for a large one several.
//!
//! ```text
//!   whole   bytes │ WHOLE
//!   first   bytes │ length of the message: 8 bytes │ FIRST
//!   more    bytes │ MORE
//!   file    FILE, and a descriptor beside it
//! ```
//!
//! The parts of a message follow each other in the socket, because a sender has the senders' mutex
//! until it has sent all, and a receiver the receivers' until it has received all. Both mutexes are
//! robust. If a sender is killed in the middle, the next packet in the socket is another message's
//! first, and the receiver drops what it had. If a receiver is killed in the middle, the next one
//! finds parts without a first, and drops them: the message is gone with the dead receiver.
//!
//! A receiver sleeps without the mutex, except in the middle of a message: so one that is stopped
//! while it waits does not keep messages from the others.

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use ipc_memory::Shared;
use ipc_sync::internal::{RobustMutex, StateGuard};
use ipc_trace::internal::{Act, address, arrive, depart, is_on, made, span};
use rustix::event::PollFlags;
use rustix::io::{Errno, Result as CallResult};

use crate::pipe::packet::{LOOKS, Socket, send_error};

/// The bytes of a message in one packet.
pub(super) const PART: usize = 64 << 10;
/// What may stand behind them.
pub(super) const TAIL: usize = size_of::<u64>() + 1;

const WHOLE: u8 = 0;
const FIRST: u8 = 1;
pub(super) const MORE: u8 = 2;
pub(super) const FILE: u8 = 3;

/// One direction's mutexes, on cache lines of their own: a sender and a receiver do not wait for
/// each other.
#[derive(Debug, Zeroable)]
#[repr(C)]
pub(crate) struct Direction {
    senders: Side,
    receivers: Side,
    /// Not 0 from when a process has died in the middle of a message: which of those received is which
    /// of those sent is not known any more.
    is_unclear: AtomicU32,
}

#[derive(Debug, Zeroable)]
#[repr(C, align(128))]
struct Side {
    turn: RobustMutex,
    /// How many messages were sent or received here since there is a trace.
    traced: AtomicU32,
}

/// What one end knows of the mutexes that both ends share.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    pub(crate) directions: Arc<Shared<[Direction; 2]>>,
    /// 0 or 1: the direction in which this end sends.
    pub(crate) sends: usize,
}

impl Turns {
    /// Those of both ends of a new pipe.
    pub(crate) fn of_both_ends() -> Result<[Self; 2]> {
        let directions = Arc::new(Shared::zeroed()?);
        made(address(&**directions), "Pipe");
        Ok([0, 1].map(|sends| Turns { directions: Arc::clone(&directions), sends }))
    }

    /// By which traces know the pipe.
    fn trace_id(&self) -> u64 {
        address(&**self.directions)
    }

    /// Waits until this end may send, until the result is dropped.
    pub(super) fn to_send(&self) -> Result<StateGuard<'_>> {
        let direction = &self.directions[self.sends];
        direction.take_turn(&direction.senders)
    }

    /// Waits until this end may receive, until the result is dropped.
    pub(super) fn to_receive(&self) -> Result<StateGuard<'_>> {
        let direction = &self.directions[1 - self.sends];
        direction.take_turn(&direction.receivers)
    }

    pub(crate) fn send(&self, socket: &Socket, message: &[u8]) -> Result<()> {
        let _sending = span(Act::Send, self.trace_id());
        let direction = &self.directions[self.sends];
        let _turn = self.to_send()?;
        if let Some(number) = direction.number(&direction.senders, self.sends) {
            depart(self.trace_id(), number);
        }
        send_message(socket, message).map_err(send_error)
    }

    /// Appends a message to `bytes`, which are empty.
    pub(crate) fn recv(&self, socket: &Socket, bytes: &mut Vec<u8>) -> Result<()> {
        let _receiving = span(Act::Receive, self.trace_id());
        let receives = 1 - self.sends;
        let direction = &self.directions[receives];
        let mut looks = LOOKS;
        loop {
            let turn = self.to_receive()?;
            if recv_message(socket, bytes, looks)? {
                if let Some(number) = direction.number(&direction.receivers, receives) {
                    arrive(self.trace_id(), number);
                }
                return Ok(());
            }
            drop(turn);
            socket.wait_for(PollFlags::IN).map_err(recv_error)?;
            looks = 1;
        }
    }
}

impl Direction {
    fn take_turn<'a>(&self, side: &'a Side) -> Result<StateGuard<'a>> {
        let turn = StateGuard::take(&side.turn)?;
        if turn.owner_died {
            self.is_unclear.store(1, Relaxed);
        }
        Ok(turn)
    }

    /// For traces: the number of the message that is sent or received in this turn, other than any in
    /// the other direction.
    fn number(&self, side: &Side, direction: usize) -> Option<u32> {
        if !is_on() {
            return None;
        }
        let number = side.traced.fetch_add(1, Relaxed).wrapping_mul(2) | direction as u32;
        (self.is_unclear.load(Relaxed) == 0).then_some(number)
    }
}

fn send_message(socket: &Socket, message: &[u8]) -> CallResult<()> {
    let mut size = PART;
    if message.len() <= size {
        match send_packet(socket, &[message, &[WHOLE]], &[]) {
            Err(Errno::MSGSIZE) => size = message.len() / 2,
            sent => return sent,
        }
    }
    let len = (message.len() as u64).to_ne_bytes();
    let (mut left, mut len, mut kind) = (message, &len[..], FIRST);
    while !left.is_empty() {
        let (part, rest) = left.split_at(size.min(left.len()));
        match send_packet(socket, &[part, len, &[kind]], &[]) {
            Ok(()) => (left, len, kind) = (rest, &[], MORE),
            // The system's buffers are smaller than they usually are.
            Err(Errno::MSGSIZE) if size > 1 => size /= 2,
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

pub(super) fn send_packet(
    socket: &Socket,
    parts: &[&[u8]],
    files: &[BorrowedFd<'_>],
) -> CallResult<()> {
    loop {
        match socket.send(parts, files) {
            // The program has set its descriptor not to block.
            Err(Errno::AGAIN) => socket.wait_for(PollFlags::OUT)?,
            sent => return sent,
        }
    }
}

/// Receives a message; `false` if none has begun after `looks` looks. Caller holds the receivers'
/// mutex.
fn recv_message(socket: &Socket, bytes: &mut Vec<u8>, looks: u32) -> Result<bool> {
    let mut whole_len = None;
    loop {
        let start = bytes.len();
        let received = match whole_len {
            None => socket.look(bytes, PART + TAIL, looks),
            Some(_) => socket.recv(bytes, PART + TAIL).map(Some),
        };
        let Some(len) = received.map_err(recv_error)? else { return Ok(false) };
        if len == 0 {
            return Err(Error::Hangup);
        }
        match bytes.pop() {
            Some(MORE) if whole_len.is_some() => {}
            // Its beginning was received by a process that is dead.
            Some(MORE) => bytes.clear(),
            Some(FILE) => {
                return Err(Error::Invalid(
                    "cannot receive a message: a file came, which is lost; see recv_fd",
                ));
            }
            // What came before it is the beginning of a dead sender's message.
            kind => {
                bytes.drain(..start);
                whole_len = match kind {
                    Some(FIRST) => Some(begin_large(bytes)?),
                    _ => Some(bytes.len()),
                };
            }
        }
        if whole_len == Some(bytes.len()) {
            return Ok(true);
        }
    }
}

/// Takes the message's length from the end of its first part, and makes room for it.
fn begin_large(bytes: &mut Vec<u8>) -> Result<usize> {
    let (rest, len) = bytes.split_last_chunk().expect("a first part ends with the length");
    let (rest, len) = (rest.len(), u64::from_ne_bytes(*len) as usize);
    bytes.truncate(rest);
    bytes.try_reserve_exact(len + TAIL).map_err(|e| {
        let tried = format!("receive a message of {len} bytes, which is lost");
        Error::system(tried, "free memory", io::Error::new(ErrorKind::OutOfMemory, e))
    })?;
    Ok(len)
}

pub(super) fn recv_error(e: Errno) -> Error {
    Error::system("receive", "", e)
}
