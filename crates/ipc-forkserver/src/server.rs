//! [`ForkServer`]: the handle to a server.

use std::os::fd::{AsFd, OwnedFd};
use std::process;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ipc_codec::Message;
use ipc_error::{Error, Result};
use ipc_memory::{Parcel, be_passable, epoch};
use ipc_process::internal::{
    Identity, count_threads, keep_child, next_identity, prepare_for_child,
};
use ipc_process::{Child, Outcome, Process};
use ipc_sync::internal::{fork_generation, watch_forks};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::gettid;

use crate::packet::{pair, recv, send};
use crate::process::ServerProcess;
use crate::request::{KILLED, Request};
use crate::serve::{GO, WHO, serve};

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

#[derive(Debug)]
struct Connection {
    server: Child,
    socket: OwnedFd,
}

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

    /// Describes a process that calls `function` with `arguments`; nothing happens yet. Python's
    /// `Process(target=function, args=arguments)`.
    ///
    /// What captures is not compiled: nothing of this process's memory is in the new one.
    ///
    /// ```compile_fail,E0308
    /// # let server = ipc_common::ForkServer::new().unwrap();
    /// let name = String::from("jon");
    /// server.process(|()| println!("{name}"), ()); // send it: server.process(|name: String| …, name)
    /// ```
    pub fn process<A: Message, T: Outcome>(
        &self,
        function: fn(A) -> T,
        arguments: A,
    ) -> ServerProcess<'_, A, T> {
        ServerProcess { server: self, identity: next_identity(), function, arguments }
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

impl Connection {
    fn new() -> Result<Self> {
        if gettid().as_raw().cast_unsigned() != process::id() {
            return Err(Error::Invalid(
                "cannot make a fork server on a thread, with which it would end: make it first thing \
                 in main",
            ));
        }
        let failed = |e| Error::system("make a fork server", "close some files (ulimit -n)", e);
        let (socket, servers) = pair().map_err(failed)?;
        let parent = process::id();
        let mut servers = Some(servers);
        let server = Process::new(|| match servers.take() {
            Some(servers) => serve(parent, servers),
            None => process::ExitCode::FAILURE,
        });
        let server = server.name("ForkServer").daemon(true).start_without(&[&socket])?;
        drop(servers);
        match recv(&socket).map_err(failed)? {
            Some((answer, _)) if answer == [0] => {}
            answer => {
                server.join()?;
                let why = answer.map_or("it has ended".into(), |(why, _)| text(&why));
                return Err(Error::ForkServer { name: "it".into(), why });
            }
        }
        be_passable();
        raise_limit_of_files();
        Ok(Connection { server, socket })
    }

    /// Puts a new server in the place of one that was killed.
    fn replace(&mut self, name: &str) -> Result<()> {
        let threads = count_threads()
            .map_err(|e| Error::system("count the threads in /proc/self/task", "mount /proc", e))?;
        if threads == 1 {
            *self = Connection::new()?;
            return Ok(());
        }
        let code = self.server.join()?;
        let why = format!(
            "the server has ended with exit code {code}, and a process with {threads} threads cannot \
             make another"
        );
        Err(Error::ForkServer { name: name.into(), why })
    }

    fn start(
        &self,
        identity: Identity,
        request: &mut Request,
        parcels: &[Parcel],
    ) -> Result<Child> {
        let name = identity.name.clone();
        let failed = |e| Error::system(format!("start {name}"), "close some files (ulimit -n)", e);
        let refused = |why| Error::ForkServer { name: name.to_string(), why };
        let (line, childs_end) = pair().map_err(failed)?;
        request.send(&self.socket, parcels, childs_end.as_fd())?;
        drop(childs_end);
        // From the server, or if that is killed after it has copied itself, from the copy.
        let answer = match recv(&self.socket).map_err(failed)? {
            None => {
                let _ = send(&line, &[WHO], &[]); // fails if there is no copy
                recv(&line).map_err(failed)?
            }
            answer => answer,
        };
        let Some((answer, files)) = answer else {
            return Err(refused(KILLED.into()));
        };
        let (Some(pidfd), Ok(pid)) = (files.into_iter().next(), answer.as_slice().try_into())
        else {
            return Err(refused(text(&answer)));
        };
        let child = keep_child(identity, u32::from_ne_bytes(pid), pidfd);
        let _ = send(&line, &[GO], &[]); // fails if the child was killed, which it tells itself
        Ok(child)
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

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// From now on locks and queues have descriptors.
fn raise_limit_of_files() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
