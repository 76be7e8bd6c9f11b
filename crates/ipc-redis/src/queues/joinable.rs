//! [`JoinableQueue`]: a queue that knows when all its items have been dealt with, on many machines.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use ipc_codec::Message;

#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::server::link::Link;
use crate::server::wait::Watch;

/// A queue for any number of processes on any number of machines, whose items count as unfinished from
/// `put` until [`Item::done`](crate::Item::done); Python's `multiprocessing.JoinableQueue`.
///
/// Each process, and each thread, connects for itself. An item in the hands of a consumer whose
/// connection is gone, because it was killed or its machine went down, is given to another within
/// milliseconds; one whose connection stands may take a day. The [crate's page](crate) has a table of
/// failures.
///
/// ```no_run
/// # fn main() -> ipc_redis::Result<()> {
/// use ipc_redis::JoinableQueue;
///
/// let queue = JoinableQueue::<String>::connect("redis://localhost", "dishes")?.bound(1000)?;
/// queue.put(&"noodles".into())?;
/// let dish = queue.get()?; // here, or in another terminal
/// println!("ate {dish}");
/// dish.done()?;
/// queue.join()?;
/// # Ok(())
/// # }
/// ```
pub struct JoinableQueue<T> {
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) watch: Watch,
    /// Size of the largest item that was put, as far as known.
    pub(crate) largest: Cell<usize>,
    items: PhantomData<fn(T) -> T>,
}

pub(crate) struct Keys {
    pub(crate) items: String,
    pub(crate) state: String,
    pub(crate) room: String,
    pub(crate) finished: String,
}

impl<T: Message> JoinableQueue<T> {
    /// Connects to the queue of that name, which need not be there yet. `url` is
    /// `redis://user:password@host:port/database`, `redis+unix:///path`, or `rediss://…` for TLS if
    /// the program has the crate `redis` with its feature `tls-rustls`.
    ///
    /// # Errors
    ///
    /// [`Error::Server`] if the server cannot be reached or refuses the password,
    /// [`Error::Unsuitable`] if it is older than 6.2 or would throw items away,
    /// [`Error::Invalid`] if the name is empty or has braces.
    ///
    /// ```no_run
    /// use ipc_redis::JoinableQueue;
    ///
    /// let here = JoinableQueue::<String>::connect("redis+unix:///run/redis.sock", "dishes")?;
    /// let there = JoinableQueue::<String>::connect("redis://:secret@10.0.0.7:6379", "dishes")?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn connect(url: &str, name: &str) -> Result<Self> {
        let link = Link::connect(url, name, Some((&crate::server::script::ADOPT, "items")))?;
        let keys = Keys {
            items: link.key("items"),
            state: link.key("state"),
            room: link.key("room"),
            finished: link.key("finished"),
        };
        let (watch, largest) = (Watch::default(), Cell::new(usize::MAX));
        let queue = JoinableQueue { link, keys, watch, largest, items: PhantomData };
        queue.make()?;
        Ok(queue)
    }

    /// Makes it full with `most` unfinished items, those in hand included; 0 for no bound. It is kept
    /// on the server and holds for all that put; Python's `JoinableQueue(most)`.
    ///
    /// # Errors
    ///
    /// [`Error::Server`].
    ///
    /// ```no_run
    /// use ipc_redis::JoinableQueue;
    ///
    /// // Producers wait while a thousand dishes are uneaten.
    /// let queue = JoinableQueue::<String>::connect("redis://localhost", "dishes")?.bound(1000)?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn bound(self, most: usize) -> Result<Self> {
        self.set_bound(most)?;
        Ok(self)
    }

    /// Gives this consumer a lease: if it does not call any method of this handle for so long, or
    /// [`Item::renew`](crate::Item::renew), its items are given to others although its connection
    /// stands. This finds a process that hangs, one that was killed but left a forked child with a
    /// copy of the connection, and a machine that is cut off sooner than the server does (which asks
    /// after `tcp-keepalive`, 300 seconds). Without it there is none.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use ipc_redis::JoinableQueue;
    ///
    /// # let url = "redis://localhost";
    /// let queue = JoinableQueue::<u32>::connect(url, "films")?.lease(Duration::from_secs(60));
    /// let mut film = queue.get()?;
    /// for _frame in 0..*film {
    ///     // … some seconds …
    ///     film.renew()?; // an error if another has been given the film
    /// }
    /// film.done()?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn lease(self, lease: Duration) -> Self {
        self.link.set_lease(lease);
        self
    }

    /// For how long an operation tries to connect again when the connection is cut; 10 seconds if
    /// nothing else is said.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use ipc_redis::JoinableQueue;
    ///
    /// let queue = JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// let queue = queue.patience(Duration::from_secs(60)); // a server may take so long to come back
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn patience(self, patience: Duration) -> Self {
        self.link.patience.set(patience);
        self
    }

    /// How many items wait to be taken; Python's `qsize()`.
    ///
    /// # Errors
    ///
    /// [`Error::Server`].
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// println!("{} dishes wait", queue.len()?);
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    #[doc(alias = "qsize")]
    pub fn len(&self) -> Result<usize> {
        let (unfinished, in_hand, _) = self.status(false)?;
        Ok(unfinished.saturating_sub(in_hand))
    }

    /// Whether no item waits to be taken; Python's `empty()`.
    ///
    /// # Errors
    ///
    /// [`Error::Server`].
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// if queue.is_empty()? {
    ///     println!("all dishes are in hand or eaten");
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    pub(crate) fn set_bound(&self, most: usize) -> Result<()> {
        self.link.call("bound the queue", |session| {
            let mut command = redis::cmd(if most == 0 { "HDEL" } else { "HSET" });
            command.arg(&self.keys.state).arg("most");
            if most > 0 {
                command.arg(most);
            }
            session.query::<()>(&command)
        })
    }

    /// Unfinished items, those in hand, and the id of the last bell.
    pub(crate) fn status(&self, is_joining: bool) -> Result<(usize, usize, String)> {
        let Keys { items, finished, state, .. } = &self.keys;
        self.with_group("look at the queue", |session| {
            let status =
                session.script(&crate::server::script::STATUS, &[items, finished, state], |c| {
                    c.arg(if is_joining { "join" } else { "" });
                })?;
            Ok(redis::from_redis_value(status)?)
        })
    }
}

impl<T> fmt::Debug for JoinableQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut queue = f.debug_struct("JoinableQueue");
        queue.field("name", &self.link.base).field("server", &self.link.server).finish()
    }
}
