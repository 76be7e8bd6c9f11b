//! [`ServerPoolBuilder`]: how a pool is to be that a fork server starts.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::owner::dispatcher::{Dispatcher, SUPERVISOR};
use crate::pool::Pool;
#[cfg(doc)]
use crate::pool_builder::PoolBuilder;
use crate::pool_builder::debug;
use crate::supervise::{Initializer, Order, supervise};
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_forkserver::ForkServer;
use ipc_process::Child;
use ipc_queue::Message;
use ipc_worker::worker::config::PoolSettings;
use ipc_worker::worker::station::Station;

/// A [`Pool`] that has not been started, and that a [`ForkServer`] will start: from any thread, and at
/// the same price however much memory the program has.
///
/// ```
/// use std::sync::OnceLock;
/// use std::thread;
///
/// use ipc_common::{ForkServer, Pool, Value};
///
/// /// What the tasks share; set in each worker.
/// static DONE: OnceLock<Value<u64>> = OnceLock::new();
///
/// fn square(n: u64) -> u64 {
///     DONE.get().map(|done| done.fetch_add(1));
///     n * n
/// }
///
/// fn main() -> ipc_common::Result<()> {
///     let server = ForkServer::new()?; // first thing in main
///     let done = Value::new(0)?;
///     let thread = || -> ipc_common::Result<Vec<u64>> {
///         let set = |done| DONE.set(done).map_err(|_| "it is set");
///         let builder = Pool::builder_on(&server).workers(2);
///         let pool = builder.initializer(set, done.try_clone()?).start()?;
///         pool.map(square, 1..=3)
///     };
///     let squares = thread::scope(|scope| scope.spawn(thread).join().expect("no panic"))?;
///     assert_eq!(squares, [1, 4, 9]);
///     assert_eq!(*done.lock()?, 3);
///     Ok(())
/// }
/// ```
///
/// The server starts the pool's supervisor, which forks the workers, also those that take the place of
/// others. So the pool does not need the server any more, and goes on if that is dropped or killed. The
/// workers have the memory, the environment and the open files that this process had when the *server*
/// was made, and what the initializer is sent. (So a [`ClosurePool`](crate::ClosurePool), whose closure
/// borrows, is always forked.)
#[must_use = "a pool has no workers until it is started"]
pub struct ServerPoolBuilder<'s> {
    server: &'s ForkServer,
    settings: PoolSettings,
    launch: Launch<'s>,
}

/// Starts the supervisor. (Only this knows of which type the initializer's argument is.)
type Launch<'s> = Box<dyn FnOnce(&Station, PoolSettings) -> Result<Child> + 's>;

impl Pool {
    /// As [`builder`](Pool::builder), for a pool that can be made in a program with threads.
    ///
    /// ```
    /// use ipc_common::{ForkServer, Pool};
    ///
    /// let server = ForkServer::new()?; // first thing in main
    /// let thread = std::thread::spawn(move || {
    ///     let pool = Pool::builder_on(&server).workers(2).start()?;
    ///     pool.apply(|n: i32| n + 1, 1)
    /// });
    /// assert_eq!(thread.join().expect("it does not panic")?, 2);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn builder_on(server: &ForkServer) -> ServerPoolBuilder<'_> {
        let launch = launch::<(), String>(server, || Ok(None));
        ServerPoolBuilder { server, settings: PoolSettings::default(), launch }
    }
}

impl<'s> ServerPoolBuilder<'s> {
    /// As [`PoolBuilder::workers`].
    #[doc(alias = "processes")]
    pub fn workers(mut self, workers: usize) -> Self {
        self.settings.workers = workers;
        self
    }

    /// What each worker does before its first task, and its argument, which is sent to it; Python's
    /// `initializer` and `initargs`. As whatever a fork server is sent, the argument can contain queues,
    /// locks and values. The supervisor decodes it, and each worker gets a copy of its own by the fork.
    ///
    /// What captures is not compiled: nothing of this process's memory is in the workers.
    ///
    /// ```compile_fail,E0308
    /// # let server = ipc_common::ForkServer::new().unwrap();
    /// let name = String::from("db");
    /// let connect = |()| if name.is_empty() { Err("no name") } else { Ok(()) };
    /// ipc_common::Pool::builder_on(&server).initializer(connect, ()); // send the name
    /// ```
    #[doc(alias = "initargs")]
    pub fn initializer<I: Message + 's, E: Display + 's>(
        self,
        f: fn(I) -> Result<(), E>,
        argument: I,
    ) -> Self {
        let launch = launch(self.server, move || Initializer::new(f, argument).map(Some));
        ServerPoolBuilder { launch, ..self }
    }

    /// As [`PoolBuilder::max_tasks_per_child`].
    #[doc(alias = "maxtasksperchild")]
    pub fn max_tasks_per_child(mut self, tasks: u64) -> Self {
        self.settings.max_tasks = Some(tasks);
        self
    }

    /// As [`PoolBuilder::task_timeout`].
    pub fn task_timeout(mut self, limit: Duration) -> Self {
        self.settings.task_timeout = Some(limit);
        self
    }

    /// Starts the workers, and blocks until all are ready.
    ///
    /// # Errors
    ///
    /// As for [`PoolBuilder::start`], but for [`Error::Threads`]; and as for
    /// [`ServerProcess::start`](ipc_forkserver::ServerProcess::start), of the initializer's argument:
    /// [`Error::ForkServer`] if the server was killed and cannot be replaced.
    pub fn start(self) -> Result<Pool> {
        let ServerPoolBuilder { settings, launch, .. } = self;
        let settings = settings.check()?;
        Dispatcher::start(settings.workers, |station, _| launch(station, settings)).map(Pool::of)
    }
}

fn launch<'s, I: Message + 's, E: Display + 's>(
    server: &'s ForkServer,
    initializer: impl FnOnce() -> Result<Option<Initializer<I, E>>> + 's,
) -> Launch<'s> {
    Box::new(move |station, settings| {
        let order = Order { station: station.try_clone()?, settings, initializer: initializer()? };
        server.process(supervise::<I, E>, order).name(SUPERVISOR).daemon(true).start()
    })
}

impl fmt::Debug for ServerPoolBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "ServerPoolBuilder", &self.settings)
    }
}
