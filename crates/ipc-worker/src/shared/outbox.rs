//! [`Outbox`]: the way from workers and supervisor to the pool.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::fence;

use nix::errno::Errno;
use nix::unistd::write;

use crate::shared::message::Message;
use crate::shared::pool_shared::PoolShared;
use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;
use ipc_trace::internal::{Act, span};

#[derive(Clone, Copy)]
pub struct Outbox<'a> {
    pub shared: &'a PoolShared,
    /// The pipe's end that is written to. Writing does not block.
    pub doorbell: &'a OwnedFd,
}

impl Outbox<'_> {
    /// Sends a message. Blocks while the queue of results is full.
    pub fn send(&self, message: &Message<'_>) -> Result<()> {
        let mut bytes = Vec::new();
        message.write(&mut bytes);
        self.send_written(&bytes)
    }

    /// Sends a message that has been written.
    pub fn send_written(&self, message: &[u8]) -> Result<()> {
        let putting = span(Act::Put, self.shared.results.trace_id());
        self.shared.results.put(message, Deadline::NEVER)?;
        drop(putting);
        self.notify()
    }

    /// Tells the pool that it cannot go on.
    pub fn end_pool(&self, why: &str) {
        let _ = self.send(&Message::PoolEnds(why)); // or the doorbell's end tells it
    }

    /// Wakes the pool if it sleeps. A worker that is killed before it has written leaves that to the
    /// next: its supervisor's message, or that of the worker in its place.
    fn notify(&self) -> Result<()> {
        fence(SeqCst); // StoreLoad: the message before the flag; pairs with the fence in `listen`
        if self.shared.pool_sleeps().load(Relaxed) == 0 {
            return Ok(());
        }
        match write(self.doorbell, &[0]) {
            // The pipe is full of notifications, or no process is left to read them.
            Ok(_) | Err(Errno::EAGAIN | Errno::EPIPE) => Ok(()),
            // A task has closed the doorbell. This worker ends, and its supervisor notifies.
            Err(e) => Err(Error::system("tell the pool of a result", "leave its files open", e)),
        }
    }
}
