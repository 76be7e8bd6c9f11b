//! [`WorkerConfig`]: how a pool's workers are to be.

use std::time::Duration;

use crate::shared::panics::catch;
use crate::shared::task_queue::Closure;
use ipc_error::Error;

#[derive(Default)]
pub struct WorkerConfig<'a> {
    pub initializer: Option<Box<dyn Fn() -> Result<(), String> + 'a>>,
    /// What the pool's own tasks call.
    pub closure: Option<Closure<'a>>,
    /// The number of tasks after which a worker ends.
    pub max_tasks: Option<u64>,
    /// How long a task may take.
    pub task_timeout: Option<Duration>,
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
