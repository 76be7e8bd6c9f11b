//! [`Queue`]: a plain list, first in, first out.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use ipc_codec::{Message, decode};

use crate::error::{Error, Result};
use crate::server::limits::{MOST_AT_ONCE, REMEMBERED_SECONDS, encoded};
use crate::server::link::Link;
use crate::server::script::PUSH;
use crate::server::wait::Deadline;

/// A queue for any number of processes on any number of machines; Python's `multiprocessing.Queue`.
///
/// It has no bound, and an item that was taken is gone from the server: if its consumer dies, or the
/// connection is cut in the middle of `get`, it is lost. Where that matters, take a
/// [`JoinableQueue`](crate::JoinableQueue).
///
/// ```no_run
/// # fn main() -> ipc_redis::Result<()> {
/// use ipc_redis::Queue;
///
/// let queue = Queue::<u64>::connect("redis://localhost", "numbers")?;
/// queue.put(&1)?;
/// assert_eq!(queue.get()?, 1); // here, or in another terminal
/// # Ok(())
/// # }
/// ```
pub struct Queue<T> {
    link: Link,
    list: String,
    items: PhantomData<fn(T) -> T>,
}

impl<T: Message> Queue<T> {
    /// Connects to the queue of that name, which need not be there yet. For the URL see
    /// [`JoinableQueue::connect`](crate::JoinableQueue::connect).
    ///
    /// # Errors
    ///
    /// As for [`JoinableQueue::connect`](crate::JoinableQueue::connect).
    ///
    /// ```no_run
    /// use ipc_redis::Queue;
    ///
    /// // A password, and database 2
    /// let queue = Queue::<u64>::connect("redis://:secret@10.0.0.7/2", "numbers")?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn connect(url: &str, name: &str) -> Result<Self> {
        let link = Link::connect(url, name, None)?;
        let list = link.key("list");
        Ok(Queue { link, list, items: PhantomData })
    }

    /// As [`JoinableQueue::patience`](crate::JoinableQueue::patience).
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use ipc_redis::Queue;
    ///
    /// let queue = Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// let queue = queue.patience(Duration::from_secs(60)); // a server may take so long to come back
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn patience(self, patience: Duration) -> Self {
        self.link.patience.set(patience);
        self
    }

    /// Puts an item into the queue. When it returns, the server has it, once.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] if the item cannot be serialised, [`Error::TooLarge`] if it takes more than
    /// 16 MiB, [`Error::Server`] if the server cannot be reached or its memory is full.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// queue.put(&1)?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn put(&self, item: &T) -> Result<()> {
        self.put_many(std::slice::from_ref(item))
    }

    /// Puts many items, with one round trip for up to 500 of them.
    ///
    /// # Errors
    ///
    /// As for [`put`](Self::put); items before the one that fails may have been put.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// queue.put_many(&[1, 2, 3])?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn put_many(&self, items: &[T]) -> Result<()> {
        for some in items.chunks(MOST_AT_ONCE) {
            let bytes = some.iter().map(encoded).collect::<Result<Vec<_>>>()?;
            let change = self.link.next_change();
            let last = self.link.last_key();
            self.link.call("put", |session| {
                session.script(&PUSH, &[&self.list, &last], |command| {
                    command.arg(change).arg(REMEMBERED_SECONDS).arg(&bytes);
                })
            })?;
        }
        Ok(())
    }

    /// Takes the oldest item; blocks while there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] if it cannot be decoded; it is lost then. [`Error::Server`].
    ///
    /// ```no_run
    /// # let queue = ipc_redis::Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// println!("got {}", queue.get()?);
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn get(&self) -> Result<T> {
        self.get_until(Deadline::NEVER)
    }

    /// Does not wait; Python's `get_nowait()`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], and as for [`get`](Self::get).
    ///
    /// ```no_run
    /// # let queue = ipc_redis::Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// match queue.try_get() {
    ///     Err(ipc_redis::Error::Empty) => println!("nothing to do"),
    ///     number => println!("got {}", number?),
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn try_get(&self) -> Result<T> {
        self.get_timeout(Duration::ZERO)
    }

    /// Waits at most `timeout`; Python's `get(timeout=…)`. A server that has nothing else to do may end it
    /// 0.1 s late.
    ///
    /// # Errors
    ///
    /// As for [`try_get`](Self::try_get).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let queue = ipc_redis::Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// match queue.get_timeout(Duration::from_secs(1)) {
    ///     Err(ipc_redis::Error::Empty) => println!("nothing for a second"),
    ///     number => println!("got {}", number?),
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<T> {
        self.get_until(Deadline::after(timeout))
    }

    fn get_until(&self, deadline: Deadline) -> Result<T> {
        loop {
            let block = deadline.block(self.link.longest_block());
            let popped = self.link.call("get", |session| match block {
                Some(block) => {
                    let mut command = redis::cmd("BRPOP");
                    command.arg(&self.list).arg(block.as_secs_f64());
                    let pair: Option<(String, Vec<u8>)> = session.query(&command)?;
                    Ok(pair.map(|(_, bytes)| bytes))
                }
                None => session.query(redis::cmd("RPOP").arg(&self.list)),
            })?;
            match popped {
                Some(bytes) => return Ok(decode(&bytes)?),
                None if block.is_none() => return Err(Error::Empty),
                None => {}
            }
        }
    }

    /// Takes up to `most` items in one round trip, and does not wait: none if there are none.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get); if one cannot be decoded, all are lost.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// let numbers = queue.try_get_many(100)?; // up to so many
    /// println!("the sum is {}", numbers.iter().sum::<u64>());
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn try_get_many(&self, most: usize) -> Result<Vec<T>> {
        let popped: Option<Vec<Vec<u8>>> = self
            .link
            .call("get", |session| session.query(redis::cmd("RPOP").arg(&self.list).arg(most)))?;
        popped.unwrap_or_default().iter().map(|bytes| Ok(decode(bytes)?)).collect()
    }

    /// How many items wait to be taken; Python's `qsize()`.
    ///
    /// # Errors
    ///
    /// [`Error::Server`].
    ///
    /// ```no_run
    /// # let queue = ipc_redis::Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// println!("{} numbers wait", queue.len()?);
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    #[doc(alias = "qsize")]
    pub fn len(&self) -> Result<usize> {
        self.link
            .call("look at the queue", |session| session.query(redis::cmd("LLEN").arg(&self.list)))
    }

    /// Whether no item waits to be taken; Python's `empty()`.
    ///
    /// # Errors
    ///
    /// [`Error::Server`].
    ///
    /// ```no_run
    /// # let queue = ipc_redis::Queue::<u64>::connect("redis://localhost", "numbers")?;
    /// while !queue.is_empty()? {
    ///     println!("got {}", queue.get()?);
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut queue = f.debug_struct("Queue");
        queue.field("name", &self.link.base).field("server", &self.link.server).finish()
    }
}
