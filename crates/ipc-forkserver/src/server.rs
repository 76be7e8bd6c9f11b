//! [`ForkServer`]: the handle to a server.

use std::process;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ipc_error::{Error, Result};
use ipc_memory::{Parcel, epoch};
use ipc_process::Child;
#[cfg(doc)]
use ipc_process::Process;
use ipc_process::internal::{Identity, prepare_for_child};
use ipc_sync::internal::{fork_generation, watch_forks};

use crate::connection::Connection;
use crate::request::Request;

/// Starts processes from any thread of a program that has threads, at the same price however much
/// memory it has; Python's `forkserver`.
///
/// A fork copies one thread of several, and the page tables of all memory. So the server is a copy of
/// this process that is made first thing in `main`, when there is little of either. On request it copies
/// itself; the copy is a child of *this* process, as if it had forked it.
///
/// What the new process is to do is a function, or a closure that captures nothing, and its arguments,
/// which are sent to it. Among them can be whatever the library shares: queues, locks, values, pipe ends.
/// A struct of arguments derives serde's `Serialize` and `Deserialize`.
///
/// ```
/// use std::thread;
///
/// use ipc_common::{ForkServer, Queue};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Job {
///     numbers: Vec<u64>,
///     sums: Queue<u64>,
/// }
///
/// fn add(job: Job) -> ipc_common::Result<()> {
///     job.sums.put(&job.numbers.iter().sum())
/// }
///
/// fn main() -> ipc_common::Result<()> {
///     let server = ForkServer::new()?; // first thing in main
///     let sums = Queue::new()?;
///     thread::scope(|scope| {
///         let thread = scope.spawn(|| {
///             let job = Job { numbers: vec![1, 2, 3], sums: sums.try_clone()? };
///             server.process(add, job).name("adder").start()
///         });
///         thread.join().expect("it does not panic")
///     })?;
///     assert_eq!(sums.get()?, 6);
///     Ok(())
/// }
/// ```
///
/// The new process has the memory, the environment, the working directory, the signal handlers and the
/// open files that this one had when the server was made, and what it is sent. What is made while a
/// process has a server (a lock, a value, a queue) costs a descriptor more than without; so the soft limit
/// on descriptors is raised to the hard one.
///
/// All methods can be called from several threads at once. Dropping it ends the server, not the processes.
/// A pool of worker processes is made with `Pool::builder_on(&server)`.
#[derive(Debug)]
pub struct ForkServer {
    connection: Mutex<Connection>,
    /// The process that has made it, and its generation.
    parent: u32,
    owner: u32,
}

/// What became of a request.
pub(crate) enum Started {
    Child(Child),
    /// The server was replaced since the arguments were packed.
    NotYet(Identity),
}

/// The generation of the process that has a server: what is passed goes by the fork that made the last.
static HAS_SERVER: AtomicU32 = AtomicU32::new(0);

impl ForkServer {
    /// Makes a server, a copy of this process as it is now. It is one of
    /// [`active_children`](ipc_process::active_children), and ends with this process.
    ///
    /// # Errors
    ///
    /// As for [`Process::start`]: [`Error::Threads`] if this process has threads already.
    /// [`Error::Invalid`] if it is not called on the main thread, as the server would end with the
    /// thread, or if this process has a server.
    /// [`Error::ForkServer`] if the kernel lacks what it needs (checkpoint and restore).
    pub fn new() -> Result<Self> {
        watch_forks();
        let owner = fork_generation();
        if HAS_SERVER.swap(owner, Relaxed) == owner {
            return Err(Error::Invalid(
                "cannot make a second fork server in one process: lend the first to all that need it",
            ));
        }
        let connection = Connection::new().inspect_err(|_| HAS_SERVER.store(0, Relaxed))?;
        Ok(ForkServer { connection: Mutex::new(connection), parent: process::id(), owner })
    }

    pub(crate) fn start(
        &self,
        identity: Identity,
        mut request: Request,
        parcels: &[Parcel],
        packed_in: u32,
    ) -> Result<Started> {
        let connection = self.lock();
        if epoch() != packed_in {
            return Ok(Started::NotYet(identity)); // for another server than the one that is there now
        }
        connection.start(identity, &mut request, parcels).map(Started::Child)
    }

    /// Replaces the server if it was killed.
    pub(crate) fn be_there(&self, name: &str) -> Result<()> {
        let mut connection = self.lock();
        if fork_generation() != self.owner {
            let (name, pid) = (connection.server.name().to_string(), connection.server.pid());
            return Err(Error::NotAChild { name, pid, parent: self.parent });
        }
        prepare_for_child(name)?;
        match connection.server.is_alive()? {
            true => Ok(()),
            false => connection.replace(name),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        if fork_generation() == self.owner {
            let connection = self.lock();
            // Both fail only if other code has reaped it.
            let _ = connection.server.kill().and_then(|()| connection.server.join());
            HAS_SERVER.store(0, Relaxed);
        }
    }
}
