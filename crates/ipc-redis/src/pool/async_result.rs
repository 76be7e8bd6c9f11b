//! [`AsyncResult`]: what a pool's task will return.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use ipc_codec::{Message, decode};

use crate::error::Result;
use crate::pool::owner::Owner;
use crate::pool::task::Failure;
use crate::server::wait::Deadline;

/// The result of a task of a [`Pool`](crate::Pool), which may still be coming; Python's `AsyncResult`. If it is
/// dropped, the task is done all the same, and its result is thrown away.
///
/// ```no_run
/// # use ipc_redis::{Pool, Task};
/// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
/// let pool = Pool::connect("redis://localhost", "numbers")?;
/// let later = pool.apply_async(SQUARE, 7)?;
/// // … do something else meanwhile …
/// assert_eq!(later.get()?, 49);
/// # Ok::<(), ipc_redis::Error>(())
/// ```
pub struct AsyncResult<'p, R> {
    owner: &'p Owner,
    task: u64,
    result: PhantomData<fn() -> R>,
}

impl<'p, R: Message> AsyncResult<'p, R> {
    pub(crate) fn new(owner: &'p Owner, task: u64) -> Self {
        AsyncResult { owner, task, result: PhantomData }
    }

    /// Waits for the result; Python's `get()`. May be called again.
    ///
    /// # Errors
    ///
    /// The task's own: [`Error::Panicked`], [`Error::UnknownTask`], [`Error::WorkersDied`], and
    /// [`Error::Local`] if its arguments or its result could not be serialised. [`Error::Server`].
    ///
    /// [`Error::Panicked`]: crate::Error::Panicked
    /// [`Error::UnknownTask`]: crate::Error::UnknownTask
    /// [`Error::WorkersDied`]: crate::Error::WorkersDied
    /// [`Error::Local`]: crate::Error::Local
    /// [`Error::Server`]: crate::Error::Server
    ///
    /// ```no_run
    /// # use ipc_redis::{Pool, Task};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// # let pool = Pool::connect("redis://localhost", "numbers")?;
    /// let later = pool.apply_async(SQUARE, 7)?;
    /// assert_eq!(later.get()?, 49);
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn get(&self) -> Result<R> {
        loop {
            if let Some(result) = self.get_until(Deadline::NEVER)? {
                return Ok(result);
            }
        }
    }

    /// Waits at most `timeout` for it; Python's `get(timeout)`. `None` if it has not come then. A server that
    /// has nothing else to do may end it 0.1 s late.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use ipc_redis::{Pool, Task};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// # let pool = Pool::connect("redis://localhost", "numbers")?;
    /// let later = pool.apply_async(SQUARE, 7)?;
    /// match later.get_timeout(Duration::from_secs(1))? {
    ///     Some(square) => println!("it is {square}"),
    ///     None => println!("not yet; is there a worker?"),
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<Option<R>> {
        self.get_until(Deadline::after(timeout))
    }

    /// Whether [`get`](Self::get) would not block; Python's `ready()`.
    ///
    /// # Errors
    ///
    /// [`Error::Server`](crate::Error::Server).
    ///
    /// ```no_run
    /// # use ipc_redis::{Pool, Task};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// # let pool = Pool::connect("redis://localhost", "numbers")?;
    /// let later = pool.apply_async(SQUARE, 7)?;
    /// while !later.ready()? {
    ///     println!("not yet");
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn ready(&self) -> Result<bool> {
        Ok(self.owner.result(self.task, Deadline::after(Duration::ZERO))?.is_some())
    }

    fn get_until(&self, deadline: Deadline) -> Result<Option<R>> {
        let Some(bytes) = self.owner.result(self.task, deadline)? else { return Ok(None) };
        Ok(Some(decode::<Result<R, Failure>>(&bytes)??))
    }
}

impl<R> Drop for AsyncResult<'_, R> {
    fn drop(&mut self) {
        self.owner.forget(self.task);
    }
}

impl<R> fmt::Debug for AsyncResult<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResult").field("task", &self.task).finish_non_exhaustive()
    }
}
