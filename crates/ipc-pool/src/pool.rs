//! [`Pool`]: a number of processes that do tasks.

use std::collections::VecDeque;
use std::fmt;
use std::iter;

use crate::async_result::{AsyncResult, Task};
use crate::dispatcher::Dispatcher;
use crate::pool_builder::PoolBuilder;
use ipc_error::{Error, Result};
use ipc_process::Message;
use ipc_sync::internal::Deadline;

/// So many tasks of an `imap` are in the pool at a time, for each worker.
const WINDOW: usize = 16;

/// Worker processes that do tasks; Python's `multiprocessing.Pool`.
///
/// ```
/// use ipc_common::Pool;
///
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// let pool = Pool::new(4)?;
/// let later = pool.apply_async(square, 7)?;
/// assert_eq!(pool.map(square, 0..5)?, [0, 1, 4, 9, 16]);
/// assert_eq!(later.get()?, 49);
/// pool.close(); // as Python's, a pool that is only dropped does not wait for its tasks
/// pool.join()?;
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// # Tasks
///
/// A task is a function and its argument; several arguments are a tuple, which the function takes
/// apart. Argument and result travel as in a [`Queue`](crate::Queue). A task may return a `Result`,
/// whose error has to be serialisable, too: `String` is.
///
/// ```
/// # let pool = ipc_common::Pool::new(2)?;
/// let sum = pool.apply(|(a, b): (i32, i32)| a.checked_add(b).ok_or("too large".to_string()), (2, 3))?;
/// assert_eq!(sum, Ok(5));
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// The workers were forked when the pool was made: what has been computed since is not there. So a
/// closure that captures something is refused. Make it an argument.
///
/// ```compile_fail,E0308
/// # let pool = ipc_common::Pool::new(2).unwrap();
/// let factor = 3;
/// pool.map(|n: i32| n * factor, 0..5).unwrap(); // closures can only be coerced to `fn` types if …
/// ```
///
/// (The same goes for functions of a library that was loaded since: load it before.)
///
/// # When something goes wrong
///
/// - A task that panics, or whose argument or result cannot be serialised, has an error for its
///   result. The others go on.
/// - A worker that is killed, by whatever signal at whatever instant, costs the task that it had in
///   hand: its result is [`Error::WorkerDied`]. Another worker takes its place. (If none can be
///   started, or none gets through its initializer, the pool ends, and all results say why.)
/// - If the process that made the pool dies, by `kill -9` too, so do its workers. Ctrl-C in a
///   terminal ends them all (or calls the handler that was set before the pool was made).
/// - Dropping the pool terminates it: within about a second, whatever the tasks do.
///
/// A supervisor, itself a process, starts the workers. So workers are replaced while this process
/// does other things, also if it has threads by then. (It is among the
/// [`active_children`](crate::active_children).) A pool is for the thread that made it.
///
/// A worker that is *stopped* (SIGSTOP, a debugger) while it waits for a task or sends a result may
/// keep the others from theirs until it goes on. And as all processes, workers have copies of what
/// was open when they were started: if the end of a pipe is to be seen, make the pool before the pipe.
pub struct Pool(pub Dispatcher);

impl Pool {
    /// One with so many workers; Python's `Pool(workers)`. Blocks until they are there.
    ///
    /// # Errors
    ///
    /// As for [`PoolBuilder::start`].
    pub fn new(workers: usize) -> Result<Self> {
        Self::builder().workers(workers).start()
    }

    /// For more than the number of workers: Python's other arguments to `Pool`.
    pub fn builder<'a>() -> PoolBuilder<'a> {
        PoolBuilder::default()
    }

    /// The number of workers.
    pub fn workers(&self) -> usize {
        self.0.workers
    }

    /// Has `function` called with `arguments`, and waits for what it returns; Python's
    /// `apply(function, arguments)`.
    ///
    /// # Errors
    ///
    /// As for [`apply_async`](Pool::apply_async) and [`AsyncResult::get`].
    pub fn apply<A: Message, R: Message>(&self, function: fn(A) -> R, arguments: A) -> Result<R> {
        self.apply_async(function, arguments)?.get()
    }

    /// Has `function` called with `arguments`, and does not wait; Python's
    /// `apply_async(function, arguments)`.
    ///
    /// Tasks are begun in the order in which they were given. If the result is dropped, the task is
    /// done all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] or [`Error::TooLarge`] if the arguments cannot be sent,
    /// [`Error::PoolEnded`] if the pool was closed or has ended, [`Error::Invalid`] in a process that
    /// was forked from the pool's own.
    pub fn apply_async<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        arguments: A,
    ) -> Result<AsyncResult<'_, R>> {
        Ok(AsyncResult::of(self.0.submit(function, &[arguments])?))
    }

    /// Has `function` called with each item, and returns the results in their order; Python's
    /// `map(function, items)`. Blocks until all are there.
    ///
    /// The items are sent in chunks, four for each worker, and a chunk is one task.
    ///
    /// # Errors
    ///
    /// That of the first task that failed, and as for [`apply_async`](Pool::apply_async).
    pub fn map<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Vec<R>> {
        let items: Vec<A> = items.into_iter().collect();
        let size = items.len().div_ceil(4 * self.0.workers).max(1);
        self.map_chunks(function, items, size)
    }

    /// The same with chunks of `size` items; Python's `map(function, items, size)`.
    ///
    /// # Errors
    ///
    /// As for [`map`](Pool::map), and [`Error::Invalid`] for a size of 0.
    pub fn map_chunks<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        size: usize,
    ) -> Result<Vec<R>> {
        if size == 0 {
            return Err(Error::Invalid("cannot map in chunks of 0 items; 1 is the smallest"));
        }
        let items: Vec<A> = items.into_iter().collect();
        let tasks = items.chunks(size).map(|chunk| self.0.submit(function, chunk));
        let tasks: Vec<Task<'_>> = tasks.collect::<Result<_>>()?;
        let mut results = Vec::with_capacity(items.len());
        for task in tasks {
            task.get(|result| {
                results.push(result?);
                Ok(())
            })?;
        }
        Ok(results)
    }

    /// Has `function` called with each item, and yields the results in their order as they come;
    /// Python's `imap(function, items)`.
    ///
    /// Items are taken from their iterator as needed: while a result is waited for, and at most 16 for
    /// each worker ahead of it. An error stands in its item's place.
    ///
    /// ```
    /// use indicatif::ProgressIterator;
    ///
    /// let pool = ipc_common::Pool::new(2)?;
    /// let mut sum = 0;
    /// for square in pool.imap(|n: u64| n * n, 0..1000).progress_count(1000) {
    ///     sum += square?; // a progress bar is shown meanwhile
    /// }
    /// assert_eq!(sum, 332_833_500);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn imap<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R>> {
        self.stream(function, items, 1)
    }

    /// The same, in the order in which the tasks are done; Python's `imap_unordered`.
    pub fn imap_unordered<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R>> {
        self.stream(function, items, usize::MAX)
    }

    /// Yields the first result that is there of the `among` oldest tasks.
    fn stream<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        among: usize,
    ) -> impl Iterator<Item = Result<R>> {
        let mut items = items.into_iter().fuse();
        let mut tasks = VecDeque::new();
        iter::from_fn(move || {
            // One item is taken for each that is yielded, and more while none can be yielded.
            while tasks.len() < WINDOW * self.0.workers
                && let Some(item) = items.next()
            {
                tasks.push_back(self.0.submit(function, &[item]));
                if self.0.first_done(tasks.iter().take(among), Deadline::NOW).is_some() {
                    break;
                }
            }
            if tasks.is_empty() {
                return None;
            }
            let next = self.0.first_done(tasks.iter().take(among), Deadline::NEVER)?;
            let task = tasks.remove(next)?;
            Some(task.and_then(|task| AsyncResult::of(task).get()))
        })
    }

    /// Says that no more tasks will come; Python's `close()`. The workers end when all are done.
    ///
    /// (In a process that was forked from the pool's own nothing happens.)
    pub fn close(&self) {
        self.0.close();
    }

    /// Waits until all tasks are done and the workers have ended; Python's `join()`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if neither [`close`](Pool::close) nor [`terminate`](Pool::terminate) came
    /// before; [`Error::PoolEnded`] if the pool ended before all was done; [`Error::NotAChild`] if
    /// something else in this process waits for any child, so that nobody knows.
    pub fn join(&self) -> Result<()> {
        self.0.join()
    }

    /// Ends all workers at once, whatever they do; Python's `terminate()`.
    ///
    /// What has not come is not coming: it is [`Error::PoolEnded`].
    ///
    /// # Errors
    ///
    /// As for [`join`](Pool::join).
    pub fn terminate(&self) -> Result<()> {
        self.0.terminate()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dispatcher { workers, supervisor, .. } = &self.0;
        let mut pool = f.debug_struct("Pool");
        pool.field("workers", workers).field("supervisor", supervisor).finish_non_exhaustive()
    }
}
