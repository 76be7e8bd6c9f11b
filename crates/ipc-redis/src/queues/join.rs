//! Waiting until all items of a [`JoinableQueue`] have been dealt with.

use std::time::Duration;

use ipc_codec::Message;

use crate::error::{Error, Result};
use crate::queues::joinable::JoinableQueue;
use crate::server::limits::LATE;
use crate::server::wait::Deadline;

impl<T: Message> JoinableQueue<T> {
    /// Blocks until every item that was put has been dealt with, by whichever process; Python's
    /// `join()`.
    ///
    /// # Errors
    ///
    /// [`Error::Server`].
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// queue.put(&"noodles".into())?;
    /// queue.join()?; // until they are eaten
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn join(&self) -> Result<()> {
        self.join_until(Deadline::NEVER)
    }

    /// Blocks for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] if items are left then, and [`Error::Server`].
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// match queue.join_timeout(Duration::from_secs(60)) {
    ///     Err(ipc_redis::Error::Unfinished { items }) => println!("{items} are left after a minute"),
    ///     joined => joined?,
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn join_timeout(&self, timeout: Duration) -> Result<()> {
        self.join_until(Deadline::after(timeout))
    }

    fn join_until(&self, deadline: Deadline) -> Result<()> {
        loop {
            let (items, _, bell) = self.status(true)?;
            if items == 0 {
                return Ok(());
            }
            let Some(block) = deadline.block(self.link.longest_block()) else {
                return Err(Error::Unfinished { items });
            };
            self.link.call("join the queue", |session| {
                let mut command = redis::cmd("XREAD");
                command.arg("BLOCK").arg(block.as_millis() as u64);
                command.arg("STREAMS").arg(&self.keys.finished).arg(&bell);
                session.wait::<redis::Value>(&command, block + LATE)
            })?;
        }
    }
}
