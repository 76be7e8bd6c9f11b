//! [`WorkerConfig`]: how a pool's workers are to be.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::shared::panics::catch;
use crate::shared::task_queue::Closure;
use crate::shared::worker_table::MAX_WORKERS;
use ipc_error::Error;

#[derive(Default)]
pub struct WorkerConfig<'a> {
    pub initializer: Option<Box<dyn Fn() -> Result<(), String> + 'a>>,
    /// What the pool's own tasks call.
    pub closure: Option<Closure<'a>>,
    pub settings: PoolSettings,
}

/// What of it is but numbers.
#[derive(Clone, Copy, Serialize, Deserialize, Debug)]
pub struct PoolSettings {
    /// How many workers there are.
    pub workers: usize,
    /// The number of tasks after which a worker ends.
    pub max_tasks: Option<u64>,
    /// How long a task may take.
    pub task_timeout: Option<Duration>,
}

impl Default for PoolSettings {
    fn default() -> Self {
        let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        PoolSettings { workers, max_tasks: None, task_timeout: None }
    }
}

impl PoolSettings {
    /// # Errors
    ///
    /// [`Error::Invalid`] for what makes no sense.
    pub fn check(mut self) -> Result<Self, Error> {
        if !(1..=MAX_WORKERS).contains(&self.workers) {
            return Err(Error::Invalid("cannot start a pool: it needs 1 to 1024 workers"));
        }
        if self.max_tasks == Some(0) {
            return Err(Error::Invalid("cannot start a pool of workers that may do 0 tasks each"));
        }
        self.task_timeout = self.task_timeout.map(check_limit).transpose()?;
        Ok(self)
    }
}

/// A limit that the kernel's timers take.
pub fn check_limit(limit: Duration) -> Result<Duration, Error> {
    const LONGEST: Duration = Duration::from_secs(1 << 30);
    match limit {
        Duration::ZERO => Err(Error::Invalid("cannot do a task that may take no time")),
        limit => Ok(limit.min(LONGEST)),
    }
}

impl WorkerConfig<'_> {
    /// Runs the initializer, if there is one.
    pub fn initialize(&self) -> Result<(), String> {
        let Some(initializer) = &self.initializer else { return Ok(()) };
        let done = catch(initializer).unwrap_or_else(|panic| Err(format!("it panicked: {panic}")));
        done.map_err(|why| format!("the initializer failed: {why}"))
    }
}
