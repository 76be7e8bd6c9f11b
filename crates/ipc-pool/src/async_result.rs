//! [`AsyncResult`]: what a pool's task will return.

use std::fmt;
use std::slice;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::owner::pending_task::PendingTask;
use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;

/// The result of a task of a `Pool`, which may still be coming; Python's `AsyncResult`.
///
/// It comes in while a thread of the process waits for it, or for another result of the same pool, or
/// [collects](crate::Pool::collect). For event loops the pool has a [descriptor](crate::Pool::fd).
///
/// ```
/// let pool = ipc_common::Pool::new(2)?;
/// let later = pool.apply_async(|n: u64| n * n, 7)?;
/// // … do something else meanwhile …
/// assert_eq!(later.get()?, 49);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// If it is dropped, the task is done all the same, and its result is thrown away. It borrows nothing:
/// a struct may hold a pool and its results, and another thread may wait for one. When the pool has been
/// dropped, a result that had not come is [`Error::PoolEnded`].
pub struct AsyncResult<R> {
    tasks: Tasks,
    read: fn(&[PendingTask]) -> Result<R>,
}

enum Tasks {
    One(PendingTask),
    Many(Vec<PendingTask>),
}

impl<R: DeserializeOwned> AsyncResult<R> {
    /// That of a task with one call.
    pub(crate) fn of(task: PendingTask) -> Self {
        let read = |tasks: &[PendingTask]| {
            let mut result = None;
            tasks[0].get(|r| {
                result = Some(r?);
                Ok(())
            })?;
            result.ok_or(Error::Decode("no result was sent".into()))
        };
        AsyncResult { tasks: Tasks::One(task), read }
    }
}

impl<R: DeserializeOwned> AsyncResult<Vec<R>> {
    /// Those of all calls of these tasks.
    pub(crate) fn of_all(tasks: Vec<PendingTask>) -> Self {
        let read = |tasks: &[PendingTask]| {
            let mut results = Vec::new();
            for task in tasks {
                task.get(|result| {
                    results.push(result?);
                    Ok(())
                })?;
            }
            Ok(results)
        };
        AsyncResult { tasks: Tasks::Many(tasks), read }
    }
}

impl<R> AsyncResult<R> {
    pub(crate) fn tasks(&self) -> &[PendingTask] {
        match &self.tasks {
            Tasks::One(task) => slice::from_ref(task),
            Tasks::Many(tasks) => tasks,
        }
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
        (self.read)(self.tasks())
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
        match self.has_come(Deadline::after(timeout))? {
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
        match self.has_come(deadline) {
            Err(Error::PoolEnded { .. }) => Ok(true), // which is what `get` says
            waited => waited,
        }
    }

    fn has_come(&self, deadline: Deadline) -> Result<bool> {
        for task in self.tasks() {
            if !task.wait(deadline)? {
                return Ok(false);
            }
        }
        Ok(true)
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

impl<R> fmt::Debug for AsyncResult<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.tasks().first().map(PendingTask::number);
        f.debug_struct("AsyncResult").field("task", &first).finish_non_exhaustive()
    }
}
