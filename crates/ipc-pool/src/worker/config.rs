//! [`WorkerConfig`]: how a pool's workers are to be.

use std::time::Duration;

use crate::shared::panics::catch;
use crate::shared::task_queue::Closure;
use ipc_error::Error;

#[derive(Default)]
pub(crate) struct WorkerConfig<'a> {
    pub(crate) initializer: Option<Box<dyn Fn() -> Result<(), String> + 'a>>,
    /// What the pool's own tasks call.
    pub(crate) closure: Option<Closure<'a>>,
    /// The number of tasks after which a worker ends.
    pub(crate) max_tasks: Option<u64>,
    /// How long a task may take.
    pub(crate) task_timeout: Option<Duration>,
}

/// A limit that the kernel's timers take.
pub(crate) fn check_limit(limit: Duration) -> Result<Duration, Error> {
    const LONGEST: Duration = Duration::from_secs(1 << 30);
    match limit {
        Duration::ZERO => Err(Error::Invalid("cannot do a task that may take no time")),
        limit => Ok(limit.min(LONGEST)),
    }
}

impl WorkerConfig<'_> {
    /// Runs the initializer, if there is one.
    pub(crate) fn initialize(&self) -> Result<(), String> {
        let Some(initializer) = &self.initializer else { return Ok(()) };
        let done = catch(initializer).unwrap_or_else(|panic| Err(format!("it panicked: {panic}")));
        done.map_err(|why| format!("the initializer failed: {why}"))
    }
}
