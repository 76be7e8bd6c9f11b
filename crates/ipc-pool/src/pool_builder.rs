//! [`PoolBuilder`]: how a pool is to be.

use std::fmt::{self, Display};
use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use crate::dispatcher::Dispatcher;
use crate::pool::Pool;
use crate::worker::{MOST, Terms};
use ipc_error::{Error, Result};

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
pub struct PoolBuilder<'a> {
    workers: Option<usize>,
    terms: Terms<'a>,
}

impl<'a> PoolBuilder<'a> {
    /// The number of workers, 1 to 1024; Python's `processes`. If it is not said, as many as this
    /// process may use processors.
    #[doc(alias = "processes")]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// What each worker does before its first task; Python's `initializer`. It may borrow, as the
    /// workers have a copy of everything.
    pub fn initializer<E: Display>(mut self, f: impl Fn() -> Result<(), E> + 'a) -> Self {
        self.terms.initializer = Some(Box::new(move || f().map_err(|e| e.to_string())));
        self
    }

    /// After so many tasks a worker ends, and a new one takes its place; Python's
    /// `maxtasksperchild`. (A chunk of a `map` is one task.)
    #[doc(alias = "maxtasksperchild")]
    pub fn max_tasks_per_child(mut self, tasks: u64) -> Self {
        self.terms.max_tasks = Some(tasks);
        self
    }

    /// How long a task may take. The worker of one that takes longer is killed and replaced, and the
    /// result is [`Error::TaskTimeout`]. (A chunk of a `map` is one task. A task that replaces its
    /// process by another program takes the limit off.)
    pub fn task_timeout(mut self, limit: Duration) -> Self {
        const LONGEST: Duration = Duration::from_secs(1 << 30); // that the kernel's timers take
        self.terms.limit = Some(limit.min(LONGEST));
        self
    }

    /// Starts the workers, and blocks until all are there.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a number of workers or tasks, or a time, that makes no sense;
    /// [`Error::PoolEnded`] if the initializer failed or panicked, with what it said, or a worker
    /// cannot be started (the supervisor needs a descriptor for each, `ulimit -n`); and as for
    /// [`Process::start`](crate::Process::start).
    pub fn start(self) -> Result<Pool> {
        let PoolBuilder { workers, terms } = self;
        let workers =
            workers.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZeroUsize::get));
        if !(1..=MOST).contains(&workers) {
            return Err(Error::Invalid("cannot start a pool: it needs 1 to 1024 workers"));
        }
        if terms.max_tasks == Some(0) {
            return Err(Error::Invalid("cannot start a pool of workers that may do 0 tasks each"));
        }
        if terms.limit == Some(Duration::ZERO) {
            return Err(Error::Invalid("cannot start a pool whose tasks may take no time"));
        }
        Dispatcher::start(workers, &terms).map(Pool)
    }
}

impl fmt::Debug for PoolBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Terms { max_tasks, limit, .. } = &self.terms;
        let mut builder = f.debug_struct("PoolBuilder");
        builder.field("workers", &self.workers).field("max_tasks_per_child", max_tasks);
        builder.field("task_timeout", limit).finish_non_exhaustive()
    }
}
