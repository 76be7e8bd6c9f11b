//! [`Client`]: a process's way to a manager's server.

use std::iter;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Mutex, PoisonError};

use crate::protocol::{Reply, Request};
use ipc_error::{Error, Result};
use ipc_queue::Connection;
use ipc_queue::internal::unshared_pipe;
use ipc_sync::internal::fork_generation;
use ipc_trace::internal::{Act, made, span};

/// Sends requests to the server, and returns its replies. Each process has a connection of its own,
/// on which one request follows the reply to the one before.
pub(crate) struct Client {
    /// New connections are handed to the server through this. All processes share it.
    control: Connection<()>,
    /// With the fork generation of the process that it belongs to.
    connection: Mutex<Option<(u32, Connection<Request, Reply>)>>,
}

impl Client {
    pub(crate) fn new(control: Connection<()>) -> Self {
        let client = Client { control, connection: Mutex::new(None) };
        made(client.trace_id(), "Manager");
        client
    }

    /// By which traces know it: the descriptor's number is the same in all processes.
    fn trace_id(&self) -> u64 {
        self.control.as_fd().as_raw_fd() as u64
    }

    /// Blocks until the server has replied.
    pub(crate) fn call(&self, request: &Request) -> Result<Reply> {
        let _waiting = span(Act::Wait, self.trace_id());
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        // A forked process has its parent's connection, on which the replies would be mixed up.
        if !matches!(&*connection, Some((process, _)) if *process == fork_generation()) {
            *connection = Some((fork_generation(), self.connect()?));
        }
        let (_, server) = connection.as_ref().expect("it has just been made");
        let reply = match server.send(request) {
            Ok(()) => server.recv(),
            // The server may have said why it has closed the connection.
            Err(Error::Hangup) => iter::from_fn(|| server.recv().ok()).last().ok_or(Error::Hangup),
            Err(e) => return Err(e),
        };
        let reply = match reply {
            Ok(Reply::Refused(why)) => Err(Error::Refused { why }),
            Err(Error::Hangup) => Err(Error::ManagerGone),
            reply => reply,
        };
        if reply.is_err() {
            *connection = None; // the server has closed its end, or the reply might come yet
        }
        reply
    }

    fn connect(&self) -> Result<Connection<Request, Reply>> {
        let (mine, servers) = unshared_pipe::<Request, Reply>()?;
        let sent = self.control.send_packet(&[1], &[servers.as_fd()]);
        sent.map_err(|e| match e {
            Error::Hangup => Error::ManagerGone,
            e => e,
        })?;
        Ok(mine)
    }
}
