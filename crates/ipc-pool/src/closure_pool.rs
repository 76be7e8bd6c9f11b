//! [`ClosurePool`]: a pool whose workers call one closure, which may borrow.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::async_result::AsyncResult;
use crate::pool::Pool;
use crate::pool_builder::PoolBuilder;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_queue::Message;
use ipc_worker::shared::task_queue::{Work, closure};

/// A [`Pool`] whose tasks call one closure, which may use what existed before the pool: a table of
/// gigabytes, an `Array`, a `Queue`, the program's options. In Python, the globals that workers inherit
/// by fork.
///
/// ```
/// use ipc_common::{ClosurePool, Value};
///
/// let words = ["shared", "without", "a", "copy"];
/// let letters = Value::new(0)?;
/// let pool = ClosurePool::new(2, |n: usize| -> Result<usize, String> {
///     *letters.lock().map_err(|e| e.to_string())? += words[n].len();
///     Ok(words[n].len())
/// })?;
/// assert_eq!(pool.map([0, 3])?, [Ok(6), Ok(4)]);
/// assert_eq!(*letters.lock()?, 10);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// The workers are forks of the process that makes the pool, so each has a copy of all that the closure
/// captures, as it was then, and nothing of it travels. (The kernel copies a page only when it is
/// written.) What a task changes stays in its worker; what processes are to share are the types of
/// `ipc_common`: a `Value`, a `Queue`, a `Lock`. The closure itself is dropped in the pool's process when
/// the workers are there, so it need not live as long as the pool.
///
/// It has the methods of [`Pool`] without the argument `function`; through those of `Pool` itself, as
/// `pool.close()`, its workers do other tasks, too.
pub struct ClosurePool<A, R> {
    pool: Pool,
    /// What the closure takes and returns.
    types: PhantomData<fn(A) -> R>,
}

impl<A: Message, R: Message> ClosurePool<A, R> {
    /// A pool of this number of workers that call `f`; Python's `Pool(workers)` after the globals have
    /// been set. Blocks until they are ready.
    ///
    /// # Errors
    ///
    /// As for [`PoolBuilder::start`].
    pub fn new(workers: usize, f: impl Fn(A) -> R) -> Result<Self> {
        Pool::builder().workers(workers).start_with(f)
    }

    /// As [`Pool::apply`].
    ///
    /// # Errors
    ///
    /// As for [`Pool::apply`].
    pub fn apply(&self, arguments: A) -> Result<R> {
        self.apply_async(arguments)?.get()
    }

    /// As [`Pool::apply_async`].
    ///
    /// # Errors
    ///
    /// As for [`Pool::apply_async`].
    pub fn apply_async(&self, arguments: A) -> Result<AsyncResult<R>> {
        self.pool.give(Work::Closure, None, arguments)
    }

    /// As [`Pool::map`].
    ///
    /// # Errors
    ///
    /// As for [`Pool::map`].
    pub fn map(&self, items: impl IntoIterator<Item = A>) -> Result<Vec<R>> {
        self.map_async(items)?.get()
    }

    /// As [`Pool::map_chunks`].
    ///
    /// # Errors
    ///
    /// As for [`Pool::map_chunks`].
    pub fn map_chunks(&self, items: impl IntoIterator<Item = A>, size: usize) -> Result<Vec<R>> {
        self.pool.give_all(Work::Closure, items, Some(size))?.get()
    }

    /// As [`Pool::map_async`].
    ///
    /// # Errors
    ///
    /// As for [`Pool::map_async`].
    pub fn map_async(&self, items: impl IntoIterator<Item = A>) -> Result<AsyncResult<Vec<R>>> {
        self.pool.give_all(Work::Closure, items, None)
    }

    /// As [`Pool::imap`].
    pub fn imap(&self, items: impl IntoIterator<Item = A>) -> impl Iterator<Item = Result<R>> {
        self.pool.stream(Work::Closure, items, 1).map(|(_, result)| result)
    }

    /// As [`Pool::imap_unordered_indexed`].
    pub fn imap_unordered_indexed(
        &self,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = (usize, Result<R>)> {
        self.pool.stream(Work::Closure, items, usize::MAX)
    }

    /// As [`Pool::imap_unordered`].
    pub fn imap_unordered(
        &self,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R>> {
        self.imap_unordered_indexed(items).map(|(_, result)| result)
    }
}

impl PoolBuilder<'_> {
    /// Starts workers that call `f`, which may borrow: see [`ClosurePool`].
    ///
    /// # Errors
    ///
    /// As for [`start`](PoolBuilder::start).
    ///
    /// ```
    /// use std::time::Duration;
    /// use ipc_common::Pool;
    ///
    /// let factor = 3;
    /// let builder = Pool::builder().workers(2).task_timeout(Duration::from_secs(60));
    /// let pool = builder.start_with(|n: u64| n * factor)?;
    /// assert_eq!(pool.apply(14)?, 42);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn start_with<A: Message, R: Message>(
        self,
        f: impl Fn(A) -> R,
    ) -> Result<ClosurePool<A, R>> {
        let pool = self.with_closure(closure(f)).start()?;
        Ok(ClosurePool { pool, types: PhantomData })
    }
}

impl<A, R> Deref for ClosurePool<A, R> {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl<A, R> fmt::Debug for ClosurePool<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.pool, f)
    }
}
