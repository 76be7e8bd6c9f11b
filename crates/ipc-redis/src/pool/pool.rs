//! [`Pool`]: tasks for workers on many machines.

use std::fmt;
use std::time::Duration;

use ipc_codec::Message;

use crate::error::{Error, Result};
use crate::pool::async_result::AsyncResult;
use crate::pool::owner::Owner;
use crate::pool::task::Task;
use crate::queues::joinable::JoinableQueue;
use crate::server::wait::Deadline;

/// Gives tasks to the [`Worker`](crate::Worker)s of its name, wherever they run; Python's
/// `multiprocessing.Pool`. Any number of processes may have a pool of the same name; each gets the
/// results of its own tasks.
///
/// A task whose worker dies is given to another. Its result and the note that it is done are stored in
/// one step: so a result comes exactly once, but the task may have been begun more than once.
///
/// ```no_run
/// # fn main() -> ipc_redis::Result<()> {
/// use ipc_redis::{Pool, Task};
///
/// const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n); // as the workers have it
/// let pool = Pool::connect("redis://localhost", "numbers")?;
/// let later = pool.apply_async(SQUARE, 7)?;
/// assert_eq!(pool.map(SQUARE, 0..5)?, [0, 1, 4, 9, 16]);
/// assert_eq!(later.get()?, 49);
/// # Ok(())
/// # }
/// ```
pub struct Pool(Owner);

impl Pool {
    /// Connects to the pool of that name, which need not have workers yet. For the URL see
    /// [`JoinableQueue::connect`].
    ///
    /// # Errors
    ///
    /// As for [`JoinableQueue::connect`].
    ///
    /// ```no_run
    /// use ipc_redis::Pool;
    ///
    /// let pool = Pool::connect("redis://localhost", "numbers")?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn connect(url: &str, name: &str) -> Result<Self> {
        Ok(Pool(Owner::new(JoinableQueue::connect(url, name)?)))
    }

    /// As [`JoinableQueue::bound`]: `apply_async` blocks while so many tasks are unfinished.
    ///
    /// # Errors
    ///
    /// [`Error::Server`].
    ///
    /// ```no_run
    /// use ipc_redis::Pool;
    ///
    /// let pool = Pool::connect("redis://localhost", "numbers")?.bound(10_000)?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn bound(self, most: usize) -> Result<Self> {
        self.0.queue.set_bound(most)?;
        Ok(self)
    }

    /// As [`JoinableQueue::patience`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use ipc_redis::Pool;
    ///
    /// let pool = Pool::connect("redis://localhost", "numbers")?.patience(Duration::from_secs(60));
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    #[must_use = "it is the pool"]
    pub fn patience(self, patience: Duration) -> Self {
        self.0.queue.link.patience.set(patience);
        self
    }

    /// Has the task done, and blocks until it is; Python's `apply(function, arguments)`.
    ///
    /// # Errors
    ///
    /// As for [`apply_async`](Self::apply_async) and [`AsyncResult::get`].
    ///
    /// ```no_run
    /// # use ipc_redis::{Pool, Task};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// # let pool = Pool::connect("redis://localhost", "numbers")?;
    /// assert_eq!(pool.apply(SQUARE, 7)?, 49);
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn apply<A: Message, R: Message>(&self, task: Task<A, R>, arguments: A) -> Result<R> {
        self.apply_async(task, arguments)?.get()
    }

    /// Has the task done, and does not wait; Python's `apply_async(function, arguments)`.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] or [`Error::TooLarge`] if the arguments cannot be sent, [`Error::Server`],
    /// [`Error::Invalid`] if the pool was closed, or in a process forked from the one that connected.
    ///
    /// ```no_run
    /// # use ipc_redis::{Pool, Task};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// # let pool = Pool::connect("redis://localhost", "numbers")?;
    /// let later = pool.apply_async(SQUARE, 7)?;
    /// // … something else meanwhile …
    /// assert_eq!(later.get()?, 49);
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn apply_async<A: Message, R: Message>(
        &self,
        task: Task<A, R>,
        arguments: A,
    ) -> Result<AsyncResult<'_, R>> {
        let mut results = self.give(task, [arguments])?;
        results.pop().ok_or(Error::Invalid("no task was given"))
    }

    /// Has the task done with each of the arguments, and blocks until all are; Python's
    /// `map(function, iterable)`. The tasks are sent in batches.
    ///
    /// # Errors
    ///
    /// As for [`apply`](Self::apply): the first failure, of the tasks in their order.
    ///
    /// ```no_run
    /// # use ipc_redis::{Pool, Task};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// let pool = Pool::connect("redis://localhost", "numbers")?;
    /// assert_eq!(pool.map(SQUARE, 0..5)?, [0, 1, 4, 9, 16]);
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn map<A: Message, R: Message>(
        &self,
        task: Task<A, R>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Vec<R>> {
        self.give(task, arguments)?.iter().map(AsyncResult::get).collect()
    }

    fn give<A: Message, R: Message>(
        &self,
        task: Task<A, R>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Vec<AsyncResult<'_, R>>> {
        let calls = arguments.into_iter().map(|arguments| self.0.call(task, &arguments));
        let (tasks, calls): (Vec<u64>, Vec<Vec<u8>>) =
            calls.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        self.0.give(&tasks, &calls)?;
        Ok(tasks.into_iter().map(|task| AsyncResult::new(&self.0, task)).collect())
    }

    /// Says that this owner gives no more tasks; Python's `close()`. The workers go on for others.
    ///
    /// ```no_run
    /// # use ipc_redis::{Pool, Task};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// # let pool = Pool::connect("redis://localhost", "numbers")?;
    /// pool.close();
    /// assert!(pool.apply_async(SQUARE, 7).is_err());
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn close(&self) {
        self.0.close();
    }

    /// Blocks until all tasks that this owner gave are done; Python's `join()`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if [`close`](Self::close) did not come before, and [`Error::Server`].
    ///
    /// ```no_run
    /// # use ipc_redis::{Pool, Task};
    /// # const RESIZE: Task<String, ()> = Task::new("resize", 1, |_| ());
    /// let pool = Pool::connect("redis://localhost", "images")?;
    /// pool.apply_async(RESIZE, "a.png".into())?;
    /// pool.close();
    /// pool.join()?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn join(&self) -> Result<()> {
        if !self.0.is_closed() {
            return Err(Error::Invalid("cannot join the pool: close() it first"));
        }
        while !self.0.is_all_done() {
            self.0.receive(Deadline::NEVER)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("queue", &self.0.queue).finish_non_exhaustive()
    }
}
