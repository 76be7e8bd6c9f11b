//! [`Pool`]: a number of processes that do tasks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::async_result::AsyncResult;
use crate::owner::dispatcher::Dispatcher;
use crate::owner::pending_task::PendingTask;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_queue::Message;
use ipc_worker::shared::task_queue::Work;
use ipc_worker::worker::config::check_limit;

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
/// apart. Argument and result travel as in a [`Queue`](ipc_queue::Queue). A task may return a `Result`,
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
/// closure that captures something is refused. Make it an argument; or, if it was there before the
/// pool, make a [`ClosurePool`](crate::ClosurePool), whose closure may borrow.
///
/// ```compile_fail,E0308
/// # let pool = ipc_common::Pool::new(2).unwrap();
/// let factor = 3;
/// pool.map(|n: i32| n * factor, 0..5).unwrap(); // closures can only be coerced to `fn` types if …
/// ```
///
/// (The same goes for functions of a library that was loaded since: load it before the pool, or before the
/// fork server that starts it.)
///
/// # When something goes wrong
///
/// - A task that panics, or whose argument or result cannot be serialised, has an error for its
///   result. The others go on.
/// - A worker that is killed, by whatever signal at whatever instruction, costs the task that it had
///   in hand: its result is [`Error::WorkerDied`]. Another worker takes its place. (If none can be
///   started, or none gets through its initializer, the pool ends, and all results say why.)
/// - If the process that made the pool dies, by `kill -9` too, the kernel kills its workers. Ctrl-C
///   in a terminal ends them all (or calls the handler that was set before the pool was made).
/// - Dropping the pool terminates it: within about a second, whatever the tasks do.
///
/// A supervisor, itself a process, starts the workers. So workers are replaced while the pool's
/// process does other things, also if it has threads by then. (The supervisor is among the
/// [`active_children`](ipc_process::active_children).)
///
/// # Threads
///
/// A pool that forks is made before there are threads; a program that has some makes it with
/// [`Pool::builder_on`] a [`ForkServer`](ipc_forkserver::ForkServer). From then on any thread may give
/// tasks and wait for results. One of those that wait takes in the results for all.
///
/// ```
/// # let pool = ipc_common::Pool::new(2)?;
/// std::thread::scope(|threads| {
///     for n in 1..=3 {
///         let pool = &pool;
///         threads.spawn(move || assert_eq!(pool.apply(|n: u64| n * n, n).unwrap(), n * n));
///     }
/// });
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// A worker that is *stopped* (SIGSTOP, a debugger) while it waits for a task or sends a result may
/// keep the others from theirs until it continues. And as all processes, workers have copies of what
/// was open when they were started: if the end of a pipe is to be seen, make the pool before the pipe.
pub struct Pool(Arc<Dispatcher>);

impl Pool {
    pub(crate) fn of(dispatcher: Arc<Dispatcher>) -> Self {
        Pool(dispatcher)
    }

    pub(crate) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.0
    }

    /// The number of workers; Python's private `pool._processes`.
    ///
    /// ```
    /// let pool = ipc_common::Pool::new(2)?;
    /// assert_eq!(pool.workers(), 2);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn workers(&self) -> usize {
        self.0.workers()
    }

    /// The ids of the processes that do the tasks; in Python, `[p.pid for p in pool._pool]`. While a
    /// worker that has ended is replaced, it is left out.
    ///
    /// ```
    /// let pool = ipc_common::Pool::new(1)?;
    /// let pid = pool.apply(|()| std::process::id(), ())?;
    /// assert_eq!(pool.worker_pids(), [pid]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn worker_pids(&self) -> Vec<u32> {
        self.0.worker_pids()
    }

    /// Has `function` called with `arguments`, and blocks until it has returned; Python's
    /// `apply(function, arguments)`.
    ///
    /// # Errors
    ///
    /// As for [`apply_async`](Pool::apply_async) and [`AsyncResult::get`].
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// assert_eq!(pool.apply(str_len, "four".to_string())?, 4);
    ///
    /// fn str_len(text: String) -> usize {
    ///     text.len()
    /// }
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn apply<A: Message, R: Message>(&self, function: fn(A) -> R, arguments: A) -> Result<R> {
        self.apply_async(function, arguments)?.get()
    }

    /// Has `function` called with `arguments`, and does not wait; Python's
    /// `apply_async(function, arguments)`. Blocks only while the tasks that wait fill the queue's
    /// memory.
    ///
    /// Tasks are begun in the order in which they were given. If the result is dropped, the task is
    /// done all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] or [`Error::TooLarge`] if the arguments cannot be sent,
    /// [`Error::PoolEnded`] if the pool was closed or has ended, [`Error::Invalid`] in a process that
    /// was forked from the pool's own.
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// let tasks = [pool.apply_async(|n: u64| n * n, 3)?, pool.apply_async(|n: u64| n * n, 4)?];
    /// assert_eq!(tasks[0].get()? + tasks[1].get()?, 25);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn apply_async<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        arguments: A,
    ) -> Result<AsyncResult<R>> {
        self.give(Work::Function(function), None, arguments)
    }

    /// The same with a time limit for this task; Python's `Pool` has none. If it takes longer, its
    /// worker is killed and replaced, and the result is [`Error::TaskTimeout`].
    ///
    /// The time counts from the task's beginning, in place of the pool's own
    /// [limit](crate::PoolBuilder::task_timeout).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a limit of 0, and as for [`apply_async`](Pool::apply_async).
    ///
    /// ```
    /// use std::{thread::park, time::Duration};
    /// use ipc_common::Error;
    ///
    /// # let pool = ipc_common::Pool::new(2)?;
    /// let endless = pool.apply_async_within(Duration::from_millis(50), |()| park(), ())?;
    /// assert!(matches!(endless.get(), Err(Error::TaskTimeout { .. })));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn apply_async_within<A: Message, R: Message>(
        &self,
        limit: Duration,
        function: fn(A) -> R,
        arguments: A,
    ) -> Result<AsyncResult<R>> {
        self.give(Work::Function(function), Some(limit), arguments)
    }

    pub(crate) fn give<A: Message, R: Message>(
        &self,
        work: Work<A, R>,
        limit: Option<Duration>,
        arguments: A,
    ) -> Result<AsyncResult<R>> {
        let limit = limit.map(check_limit).transpose()?;
        Ok(AsyncResult::of(PendingTask::submit(&self.0, work, limit, &[arguments])?))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pool = f.debug_struct("Pool");
        pool.field("workers", &self.0.workers()).field("supervisor", self.0.supervisor());
        pool.finish_non_exhaustive()
    }
}
