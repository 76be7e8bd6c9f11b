//! [`PoolBuilder`]: how a pool is to be.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::owner::dispatcher::{Dispatcher, SUPERVISOR};
use crate::pool::Pool;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_process::Process;
use ipc_worker::shared::task_queue::Closure;
use ipc_worker::worker::config::{PoolSettings, WorkerConfig};
use ipc_worker::worker::supervisor::Supervisor;

/// A [`Pool`] that has not been started; the arguments of Python's `Pool(…)`.
///
/// ```
/// use std::time::Duration;
/// use ipc_common::{Error, Pool};
///
/// let pool = Pool::builder()
///     .workers(2)
///     .initializer(|| std::env::set_current_dir("/"))
///     .max_tasks_per_child(100)
///     .task_timeout(Duration::from_millis(50))
///     .start()?;
/// let endless = pool.apply(|()| std::thread::park(), ());
/// assert!(matches!(endless, Err(Error::TaskTimeout { .. })));
/// # Ok::<(), ipc_common::Error>(())
/// ```
#[derive(Default)]
#[must_use = "a pool has no workers until it is started"]
pub struct PoolBuilder<'a>(WorkerConfig<'a>);

impl Pool {
    /// A pool with this number of workers; Python's `Pool(workers)`. Blocks until they are ready.
    ///
    /// # Errors
    ///
    /// As for [`PoolBuilder::start`].
    ///
    /// ```
    /// let pool = ipc_common::Pool::new(2)?;
    /// assert_eq!(pool.apply(|n: i32| n + 1, 1)?, 2);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn new(workers: usize) -> Result<Self> {
        Self::builder().workers(workers).start()
    }

    /// For more than the number of workers: Python's other arguments to `Pool`.
    ///
    /// ```
    /// let pool = ipc_common::Pool::builder().max_tasks_per_child(10).start()?;
    /// assert!(pool.workers() >= 1);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn builder<'a>() -> PoolBuilder<'a> {
        PoolBuilder::default()
    }
}

impl<'a> PoolBuilder<'a> {
    /// The number of workers, 1 to 1024; Python's `processes`. The default is the number of
    /// processors that this process may use.
    ///
    /// ```
    /// let pool = ipc_common::Pool::builder().workers(3).start()?;
    /// assert_eq!(pool.workers(), 3);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    #[doc(alias = "processes")]
    pub fn workers(mut self, workers: usize) -> Self {
        self.0.settings.workers = workers;
        self
    }

    /// What each worker does before its first task; Python's `initializer`. It may borrow, as the
    /// workers have a copy of everything. (What it sets up for the tasks is in a `static` or a
    /// thread-local; a [`ClosurePool`](crate::ClosurePool)'s tasks may borrow themselves.)
    ///
    /// ```
    /// use ipc_common::{Error, Pool};
    ///
    /// let started = Pool::builder().workers(2).initializer(|| Err("no database")).start();
    /// let why = started.unwrap_err().to_string();
    /// assert_eq!(why, "cannot use the pool: the initializer failed: no database; make another");
    /// ```
    pub fn initializer<E: Display>(mut self, f: impl Fn() -> Result<(), E> + 'a) -> Self {
        self.0.initializer = Some(Box::new(move || f().map_err(|e| e.to_string())));
        self
    }

    /// After this number of tasks a worker ends, and a new one takes its place; Python's
    /// `maxtasksperchild`. (A chunk of a `map` is one task.)
    ///
    /// ```
    /// let pool = ipc_common::Pool::builder().workers(1).max_tasks_per_child(1).start()?;
    /// let worker = |()| std::process::id();
    /// assert_ne!(pool.apply(worker, ())?, pool.apply(worker, ())?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    #[doc(alias = "maxtasksperchild")]
    pub fn max_tasks_per_child(mut self, tasks: u64) -> Self {
        self.0.settings.max_tasks = Some(tasks);
        self
    }

    /// How long a task may take; Python's `Pool` has no such limit. The worker of a task that takes
    /// longer is killed and replaced, and the result is [`Error::TaskTimeout`]. (A chunk of a `map` is
    /// one task. A task that replaces its process by another program takes the limit off.)
    ///
    /// ```
    /// use std::{thread::park, time::Duration};
    /// use ipc_common::{Error, Pool};
    ///
    /// let pool = Pool::builder().workers(1).task_timeout(Duration::from_millis(50)).start()?;
    /// assert!(matches!(pool.apply(|()| park(), ()), Err(Error::TaskTimeout { .. })));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn task_timeout(mut self, limit: Duration) -> Self {
        self.0.settings.task_timeout = Some(limit);
        self
    }

    /// Starts the workers, and blocks until all are ready; Python's `Pool(…)` itself.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a number of workers or tasks, or a time, that makes no sense;
    /// [`Error::PoolEnded`] if the initializer failed or panicked, with what it said, or a worker
    /// cannot be started (the supervisor needs a descriptor for each, `ulimit -n`); and as for
    /// [`Process::start`](ipc_process::Process::start): [`Error::Threads`] in a process that has some,
    /// which makes its pool with [`Pool::builder_on`] a fork server.
    ///
    /// ```
    /// use ipc_common::{Error, Pool};
    ///
    /// assert!(matches!(Pool::builder().workers(0).start(), Err(Error::Invalid(_))));
    /// ```
    pub fn start(self) -> Result<Pool> {
        let PoolBuilder(WorkerConfig { initializer, closure, settings }) = self;
        let settings = settings.check()?;
        let config = WorkerConfig { initializer, closure, settings };
        let dispatcher = Dispatcher::start(settings.workers, |station, others| {
            let supervisor = Process::new(|| Supervisor::new(station, &config).run());
            supervisor.name(SUPERVISOR).daemon(true).start_without(others)
        });
        dispatcher.map(Pool::of)
    }
}

impl PoolBuilder<'_> {
    /// The same with what the workers call for tasks that are given to the pool's closure.
    pub(crate) fn with_closure<'c>(self, closure: Closure<'c>) -> PoolBuilder<'c>
    where
        Self: 'c,
    {
        PoolBuilder(WorkerConfig { closure: Some(closure), ..self.0 })
    }
}

impl fmt::Debug for PoolBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "PoolBuilder", &self.0.settings)
    }
}

pub(crate) fn debug(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    settings: &PoolSettings,
) -> fmt::Result {
    let PoolSettings { workers, max_tasks, task_timeout } = settings;
    let mut builder = f.debug_struct(name);
    builder.field("workers", workers).field("max_tasks_per_child", max_tasks);
    builder.field("task_timeout", task_timeout).finish_non_exhaustive()
}
