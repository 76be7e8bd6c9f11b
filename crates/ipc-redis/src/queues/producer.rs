//! A producer's side of a [`JoinableQueue`].

use std::time::Duration;

use ipc_codec::Message;

use crate::error::{Error, Result};
use crate::queues::joinable::JoinableQueue;
use crate::server::limits::{LARGEST, LATE, MOST_AT_ONCE, REMEMBERED_SECONDS, encoded};
use crate::server::script::PUT;
use crate::server::wait::Deadline;

impl<T: Message> JoinableQueue<T> {
    /// Puts an item into the queue; blocks while the queue is full. When it returns, the server has
    /// it, once: if the connection is cut before the reply, it asks again by the number of the change.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] if the item cannot be serialised, [`Error::TooLarge`] if it takes more than
    /// 16 MiB, [`Error::Server`] if the server cannot be reached or its memory is full.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// queue.put(&"noodles".into())?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn put(&self, item: &T) -> Result<()> {
        self.put_until(std::slice::from_ref(item), Deadline::NEVER)
    }

    /// Does not wait for room; Python's `put_nowait()`.
    ///
    /// # Errors
    ///
    /// [`Error::Full`], and as for [`put`](Self::put).
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::connect("redis://localhost", "numbers")?;
    /// match queue.try_put(&1) {
    ///     Err(ipc_redis::Error::Full) => println!("later"),
    ///     put => put?,
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn try_put(&self, item: &T) -> Result<()> {
        self.put_timeout(item, Duration::ZERO)
    }

    /// Waits at most `timeout` for room; Python's `put(item, timeout=…)`.
    ///
    /// # Errors
    ///
    /// As for [`try_put`](Self::try_put).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// match queue.put_timeout(&"noodles".into(), Duration::from_secs(1)) {
    ///     Err(ipc_redis::Error::Full) => println!("no room for a second"),
    ///     put => put?,
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn put_timeout(&self, item: &T, timeout: Duration) -> Result<()> {
        self.put_until(std::slice::from_ref(item), Deadline::after(timeout))
    }

    /// Puts many items, with one round trip for up to 500 of them. Other producers' items may come
    /// between them. Blocks while the queue is full.
    ///
    /// # Errors
    ///
    /// As for [`put`](Self::put): if an item cannot be serialised or is too large, those before it may
    /// have been put.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::connect("redis://localhost", "numbers")?;
    /// queue.put_many(&[1, 2, 3])?;
    /// let some = queue.get_many(100)?; // up to so many
    /// queue.done_many(some)?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn put_many(&self, items: &[T]) -> Result<()> {
        self.put_until(items, Deadline::NEVER)
    }

    fn put_until(&self, items: &[T], deadline: Deadline) -> Result<()> {
        let mut items = items.iter();
        loop {
            let (mut some, mut bytes) = (Vec::new(), 0);
            while some.len() < MOST_AT_ONCE && bytes < LARGEST {
                let Some(item) = items.next() else { break };
                let item = encoded(item)?;
                bytes += item.len();
                some.push(item);
            }
            if some.is_empty() {
                return Ok(());
            }
            self.put_bytes(&some, deadline)?;
        }
    }

    pub(crate) fn put_bytes(&self, mut items: &[Vec<u8>], deadline: Deadline) -> Result<()> {
        let mut woken = "";
        while !items.is_empty() {
            let put = self.put_what_fits(items, woken)?;
            items = &items[put.min(items.len())..];
            if items.is_empty() {
                return Ok(());
            }
            let block = deadline.block(self.link.longest_block()).ok_or(Error::Full)?;
            let token: Option<redis::Value> = self.link.call("wait for room", |session| {
                let mut command = redis::cmd("BLPOP");
                command.arg(&self.keys.room).arg(block.as_secs_f64());
                session.wait(&command, block + LATE)
            })?;
            // One that was not waited for may have been taken.
            woken = if token == Some(redis::Value::Nil) { "" } else { "woken" };
        }
        Ok(())
    }

    fn put_what_fits(&self, items: &[Vec<u8>], woken: &str) -> Result<usize> {
        let change = self.link.next_change();
        let last = self.link.last_key();
        let largest = items.iter().map(Vec::len).max().unwrap_or(0);
        let keys = [&*self.keys.items, &last, &self.keys.state, &self.keys.room];
        self.link.call("put", |session| {
            let put = session.script(&PUT, &keys, |command| {
                command.arg(change).arg(REMEMBERED_SECONDS).arg(woken).arg(largest).arg(items);
            })?;
            Ok(redis::from_redis_value(put)?)
        })
    }
}
