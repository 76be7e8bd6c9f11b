//! [`Worker`]: a process that does a pool's tasks.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ipc_codec::Message;

use crate::error::{Error, Result};
use crate::pool::task::{Call, Failure, Task};
use crate::queues::finish::TaskResult;
use crate::queues::item::Item;
use crate::queues::joinable::JoinableQueue;

/// For how long a result waits for its owner.
const KEPT_SECONDS: u64 = 24 * 3600;

type Run = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Failure>>;

/// Does the tasks that are given to the [`Pool`](crate::Pool) of its name. Start as many as you like,
/// wherever the server can be reached; each does one task at a time.
///
/// ```no_run
/// # fn main() -> ipc_redis::Result<()> {
/// use ipc_redis::{Task, Worker};
///
/// const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
/// Worker::connect("redis://localhost", "numbers")?.task(SQUARE).run()
/// # }
/// ```
pub struct Worker {
    queue: JoinableQueue<Call>,
    tasks: HashMap<(&'static str, u32), Run>,
    attempts: u32,
}

impl Worker {
    /// Connects to the pool of that name. For the URL see [`JoinableQueue::connect`].
    ///
    /// # Errors
    ///
    /// As for [`JoinableQueue::connect`].
    ///
    /// ```no_run
    /// use ipc_redis::Worker;
    ///
    /// let worker = Worker::connect("redis://localhost", "numbers")?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn connect(url: &str, name: &str) -> Result<Self> {
        let queue = JoinableQueue::connect(url, name)?;
        Ok(Worker { queue, tasks: HashMap::new(), attempts: 3 })
    }

    /// Registers a task, by its name and version.
    ///
    /// ```no_run
    /// # use ipc_redis::{Task, Worker};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// const CUBE: Task<u64, u64> = Task::new("cube", 1, |n| n * n * n);
    ///
    /// Worker::connect("redis://localhost", "numbers")?.task(SQUARE).task(CUBE).run()?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    #[must_use = "run() does the tasks"]
    pub fn task<A: Message + 'static, R: Message + 'static>(mut self, task: Task<A, R>) -> Self {
        self.tasks.insert((task.name, task.version), Box::new(move |bytes| task.run(bytes)));
        self
    }

    /// A task during which so many workers died ends with [`Error::WorkersDied`] instead of killing
    /// one more; 3 if nothing else is said.
    ///
    /// ```no_run
    /// # use ipc_redis::{Task, Worker};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// let worker = Worker::connect("redis://localhost", "numbers")?.task(SQUARE).attempts(1);
    /// worker.run()?; // a task is begun once, and not again if its worker dies
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    #[must_use = "run() does the tasks"]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// As [`JoinableQueue::lease`]. It is renewed between tasks, so it has to be longer than each.
    ///
    /// ```no_run
    /// # use ipc_redis::{Task, Worker};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// use std::time::Duration;
    ///
    /// let worker = Worker::connect("redis://localhost", "numbers")?.task(SQUARE);
    /// worker.lease(Duration::from_secs(600)).run()?; // no task takes ten minutes
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    #[must_use = "run() does the tasks"]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.queue = self.queue.lease(lease);
        self
    }

    /// As [`JoinableQueue::patience`].
    ///
    /// ```no_run
    /// # use ipc_redis::{Task, Worker};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// use std::time::Duration;
    ///
    /// let worker = Worker::connect("redis://localhost", "numbers")?.task(SQUARE);
    /// worker.patience(Duration::from_secs(3600)).run()?; // the server may be away for an hour
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    #[must_use = "run() does the tasks"]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.queue = self.queue.patience(patience);
        self
    }

    /// Does tasks until it is killed, which may be at any time: the task in hand is given to another
    /// worker.
    ///
    /// # Errors
    ///
    /// [`Error::Server`] if the server cannot be reached for as long as patience lasts.
    ///
    /// ```no_run
    /// # use ipc_redis::{Task, Worker};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// Worker::connect("redis://localhost", "numbers")?.task(SQUARE).run()?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn run(&self) -> Result<()> {
        loop {
            self.run_one(Duration::MAX)?;
        }
    }

    /// Does one task, if one comes within `timeout`; whether one came.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use ipc_redis::{Task, Worker};
    /// # const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
    /// let worker = Worker::connect("redis://localhost", "numbers")?.task(SQUARE);
    /// while worker.run_one(Duration::from_secs(60))? {} // ends when there is nothing to do
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn run_one(&self, timeout: Duration) -> Result<bool> {
        match self.queue.get_timeout(timeout) {
            Ok(call) => self.finish(call).map(|()| true),
            Err(Error::Empty) => Ok(false),
            Err(Error::Local(_)) => Ok(true), // something that is no task was put there
            Err(other) => Err(other),
        }
    }

    /// Does it; the result and the acknowledgement are one step, so either both are there or neither.
    fn finish(&self, mut call: Item<'_, Call>) -> Result<()> {
        let bytes = self.result_of(&call).unwrap_or_else(Failure::into_bytes);
        let result = TaskResult {
            key: &call.results,
            task: call.number,
            bytes: &bytes,
            kept_seconds: KEPT_SECONDS,
        };
        let finished = self.queue.finish(&[&call.id], Some(result));
        call.is_over = true;
        match finished {
            Err(Error::NotYours { .. }) => Ok(()), // another worker has it, and will send its result
            finished => finished,
        }
    }

    fn result_of(&self, call: &Item<'_, Call>) -> Result<Vec<u8>, Failure> {
        if call.deliveries() > self.attempts {
            return Err(Failure::Died { workers: self.attempts });
        }
        let Some(run) = self.tasks.get(&(&*call.task, call.version)) else {
            return Err(Failure::Unknown { task: call.task.clone(), version: call.version });
        };
        catch_unwind(AssertUnwindSafe(|| run(&call.arguments)))
            .unwrap_or_else(|panic| Err(Failure::Panicked(message_of(&*panic))))
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut worker = f.debug_struct("Worker");
        worker.field("queue", &self.queue).field("tasks", &self.tasks.keys()).finish()
    }
}
