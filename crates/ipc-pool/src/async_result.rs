//! [`AsyncResult`]: what a pool's task will return.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::dispatcher::{Book, Dispatcher};
use crate::task::read_results;
use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;

/// The result of a task of a [`Pool`](crate::Pool), which may still be coming; Python's `AsyncResult`.
///
/// It comes in while the process waits for it, or for another result of the same pool.
pub struct AsyncResult<'p, R> {
    task: Task<'p>,
    result: PhantomData<fn() -> R>,
}

/// A task whose results are kept until this is dropped.
pub struct Task<'p> {
    dispatcher: &'p Dispatcher,
    number: u32,
}

impl<'p> Task<'p> {
    /// The one that was put into the queue after `number` others.
    pub fn new(dispatcher: &'p Dispatcher, number: u32) -> Self {
        dispatcher.book.borrow_mut().wanted.insert(number, None);
        Task { dispatcher, number }
    }

    pub fn is_done(&self, book: &Book) -> bool {
        matches!(book.wanted.get(&self.number), Some(Some(_)))
    }

    fn wait(&self, deadline: Deadline) -> Result<bool> {
        self.dispatcher.wait_until(deadline, |book| self.is_done(book))
    }

    /// Waits for the results, and has `each` do something with them until it says no.
    pub fn get<R: DeserializeOwned>(
        &self,
        each: impl FnMut(Result<R>) -> Result<()>,
    ) -> Result<()> {
        self.wait(Deadline::NEVER)?;
        let message = self.dispatcher.book.borrow().wanted.get(&self.number).cloned().flatten();
        let message = message.expect("it has been waited for");
        read_results(&message[size_of_val(&self.number)..]).try_for_each(each)
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.dispatcher.book.borrow_mut().wanted.remove(&self.number);
    }
}

impl<'p, R: DeserializeOwned> AsyncResult<'p, R> {
    pub fn of(task: Task<'p>) -> Self {
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
    pub fn wait(&self) -> Result<()> {
        self.wait_until(Deadline::NEVER).map(drop)
    }

    /// Waits for at most `timeout`; Python's `wait(timeout)`. Whether it can be got then.
    ///
    /// # Errors
    ///
    /// As for [`wait`](AsyncResult::wait).
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_until(Deadline::after(timeout))
    }

    /// Whether [`get`](AsyncResult::get) would not block; Python's `ready()`.
    ///
    /// # Errors
    ///
    /// As for [`wait`](AsyncResult::wait).
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
    pub fn successful(&self) -> Result<Option<bool>> {
        Ok(self.ready()?.then(|| self.get().is_ok()))
    }
}

impl<R> fmt::Debug for AsyncResult<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResult").field("task", &self.task.number).finish_non_exhaustive()
    }
}
