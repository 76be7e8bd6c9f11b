//! Queues and pipes among the arguments of a process that a fork server starts.

use std::marker::PhantomData;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use ipc_codec::Message;
use ipc_error::{Error, Result};
use ipc_memory::{Part, Passed, Received, Shared, travel};
use ipc_ring::Ring;

use crate::pipe::connection::Connection;
use crate::pipe::packet::Socket;
use crate::pipe::part_message::Turns;
use crate::queues::joinable::JoinableQueue;
use crate::queues::queue::Queue;

// SAFETY: a ring, made of one, whose bytes are decoded with care.
unsafe impl<T: Message> Passed for Queue<T> {
    const KIND: &'static str = "a Queue";
    fn pack(&self) -> Result<Vec<Part>> {
        self.ring().pack()
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(Queue::of(Ring::unpack(parts)?))
    }
}

// SAFETY: a ledger and a queue, made of these.
unsafe impl<T: Message> Passed for JoinableQueue<T> {
    const KIND: &'static str = "a JoinableQueue";
    fn pack(&self) -> Result<Vec<Part>> {
        let mut parts = vec![self.ledger.pack()?];
        parts.extend(self.queue.pack()?);
        Ok(parts)
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        Ok(JoinableQueue { ledger: Shared::unpack(parts)?, queue: Queue::unpack(parts)? })
    }
}

// SAFETY: a socket and mutexes, made of these; its packets are decoded with care.
unsafe impl<S, R> Passed for Connection<S, R> {
    const KIND: &'static str = "a Connection";
    fn pack(&self) -> Result<Vec<Part>> {
        let Some(turns) = &self.turns else {
            return Err(Error::Invalid("cannot pass on this end of a pipe: it shares no memory"));
        };
        let socket: OwnedFd = self.socket.0.try_clone().map_err(|e| {
            Error::system("pass a pipe to another process", "close some files (ulimit -n)", e)
        })?;
        Ok(vec![Part::File(socket), turns.directions.pack()?, Part::Number(turns.sends as u64)])
    }
    fn unpack(parts: &mut Received) -> Result<Self> {
        let socket = Socket(parts.file()?);
        let directions = Arc::new(Shared::unpack(parts)?);
        let turns = Turns { directions, sends: parts.number()? as usize & 1 };
        Ok(Connection { socket, turns: Some(turns), types: PhantomData })
    }
}

travel!(Queue<T: Message>, JoinableQueue<T: Message>, Connection<S, R>);
