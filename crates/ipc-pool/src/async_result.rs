//! [`AsyncResult`]: what a pool's task will return.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::owner::pending_task::PendingTask;
use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;

/// The result of a task of a `Pool`, which may still be coming; Python's `AsyncResult`.
///
/// It comes in while the process waits for it, or for another result of the same pool.
///
/// ```
/// let pool = ipc_common::Pool::new(2)?;
/// let later = pool.apply_async(|n: u64| n * n, 7)?;
/// // … do something else meanwhile …
/// assert_eq!(later.get()?, 49);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// If it is dropped, the task is done all the same, and its result is thrown away.
pub struct AsyncResult<'p, R> {
    task: PendingTask<'p>,
    result: PhantomData<fn() -> R>,
}

impl<'p, R: DeserializeOwned> AsyncResult<'p, R> {
    pub(crate) fn of(task: PendingTask<'p>) -> Self {
        AsyncResult { task, result: PhantomData }
    }

    /// Waits for the result; Python's `get()`. May be called again.
    ///
    /// # Errors
    ///
    /// The task's own: [`Error::Panicked`], [`Error::WorkerDied`], [`Error::TaskTimeout`];
    /// [`Error::Decode`] and [`Error::Encode`] if its argument or result could not be serialised.
    /// [`Error::PoolEnded`] if it never comes; [`Error::Invalid`] in a process that was forked from
    /// the pool's own.
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(1)?;
    /// let sum = pool.apply_async(|(a, b): (u32, u32)| a + b, (2, 3))?;
    /// assert_eq!(sum.get()?, 5);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn get(&self) -> Result<R> {
        let mut result = None;
        self.task.get(|r| {
            result = Some(r?);
            Ok(())
        })?;
        result.ok_or(Error::Decode("no result was sent".into()))
    }

    /// Waits at most `timeout` for it; Python's `get(timeout)`. `None` if it has not come then.
    ///
    /// # Errors
    ///
    /// As for [`get`](AsyncResult::get).
    ///
    /// ```
    /// use std::{thread::park, time::Duration};
    ///
    /// # let pool = ipc_common::Pool::new(1)?;
    /// let never = pool.apply_async(|()| park(), ())?;
    /// assert_eq!(never.get_timeout(Duration::from_millis(10))?, None);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<Option<R>> {
        match self.task.wait(Deadline::after(timeout))? {
            true => self.get().map(Some),
            false => Ok(None),
        }
    }

    /// Waits until it can be got; Python's `wait()`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the process is out of memory or descriptors, and [`Error::Invalid`] as
    /// for [`get`](AsyncResult::get).
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(1)?;
    /// let task = pool.apply_async(|n: u32| n + 1, 1)?;
    /// task.wait()?;
    /// assert!(task.ready()?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn wait(&self) -> Result<()> {
        self.wait_until(Deadline::NEVER).map(drop)
    }

    /// Waits for at most `timeout`; Python's `wait(timeout)`. Whether it can be got then.
    ///
    /// # Errors
    ///
    /// As for [`wait`](AsyncResult::wait).
    ///
    /// ```
    /// use std::{thread::park, time::Duration};
    ///
    /// # let pool = ipc_common::Pool::new(1)?;
    /// let never = pool.apply_async(|()| park(), ())?;
    /// assert!(!never.wait_timeout(Duration::from_millis(10))?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_until(Deadline::after(timeout))
    }

    /// Whether [`get`](AsyncResult::get) would not block; Python's `ready()`.
    ///
    /// # Errors
    ///
    /// As for [`wait`](AsyncResult::wait).
    ///
    /// ```
    /// use std::thread::park;
    ///
    /// # let pool = ipc_common::Pool::new(1)?;
    /// let never = pool.apply_async(|()| park(), ())?;
    /// assert!(!never.ready()?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn ready(&self) -> Result<bool> {
        self.wait_until(Deadline::NOW)
    }

    fn wait_until(&self, deadline: Deadline) -> Result<bool> {
        match self.task.wait(deadline) {
            Err(Error::PoolEnded { .. }) => Ok(true), // which is what `get` says
            waited => waited,
        }
    }

    /// Whether it is there and no error; Python's `successful()`. `None` if it is not there.
    ///
    /// # Errors
    ///
    /// As for [`wait`](AsyncResult::wait).
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(1)?;
    /// let task = pool.apply_async(|n: u32| 1 / n, 0)?;
    /// task.wait()?;
    /// assert_eq!(task.successful()?, Some(false)); // it has panicked
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn successful(&self) -> Result<Option<bool>> {
        Ok(self.ready()?.then(|| self.get().is_ok()))
    }
}

impl<R> fmt::Debug for AsyncResult<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResult").field("task", &self.task.number()).finish_non_exhaustive()
    }
}
