//! Python's `multiprocessing` for Rust on Linux, without its hazards.
//!
//! A closure becomes a process. It may borrow, because a forked child has a copy of everything;
//! what processes are to *share* is made before the fork and borrowed on both sides.
//!
//! ```
//! use ipc_common::{Child, Lock, Process};
//!
//! let lock = Lock::new()?;
//! let children = (1..=3)
//!     .map(|n| {
//!         let lock = &lock;
//!         Process::new(move || -> ipc_common::Result<()> {
//!             let _guard = lock.lock()?;
//!             println!("process {n} has the lock");
//!             Ok(())
//!         })
//!         .start()
//!     })
//!     .collect::<ipc_common::Result<Vec<Child>>>()?;
//! for child in &children {
//!     assert_eq!(child.join()?, 0);
//! }
//! # Ok::<(), ipc_common::Error>(())
//! ```
//!
//! Recipes, each compiled and run: [a program with threads](recipes#a-program-with-threads),
//! [tokio](recipes#beside-tokio), [tests](recipes#tests-that-start-processes),
//! [Ctrl-C and SIGTERM](recipes#a-clean-end-by-a-signal), [the end of a pipeline](recipes#a-pipeline-ends),
//! [a progress bar](recipes#a-progress-bar), [a struct in a `Value`](recipes#a-struct-in-a-value),
//! [once more after a worker died](recipes#once-more-after-a-worker-died).
//!
//! # Python's names
//!
//! | Python | here |
//! |---|---|
//! | `Process(target=f, args=(x,))` | [`Process::new(\|\| f(x))`](Process::new) |
//! | `class P(Process): def run(self)` | `impl` [`Run`] |
//! | `p.start()`, `p.join()`, `p.exitcode` … | [`Process::start`], and the methods of [`Child`] |
//! | `set_start_method('forkserver')` | [`ForkServer::new`], [`ForkServer::process`] |
//! | `parent_process().join()`, `.sentinel` | [`ParentProcess::join`]; a [`ParentProcess`] can be among what [`wait`] waits for |
//! | `current_process()`, `parent_process()`, `active_children()` | [`current_process`], [`parent_process`], [`active_children`] |
//! | `Lock()` | [`Lock`]; to lock it twice is an error, not a deadlock, so there is no `RLock()` |
//! | `Semaphore()`, `BoundedSemaphore()` | [`Semaphore`] |
//! | `with semaphore:` | [`Semaphore::permit`] |
//! | `Event()`, `Condition()`, `Barrier()` | [`Event`], [`Condition`], [`Barrier`] |
//! | `Condition(lock)`, `Barrier(n, action)` | [`Condition::with_lock`], [`Barrier::wait_with`] |
//! | `Value()`, `Array()` | [`Value`], [`Array`] |
//! | `v.value`, `v.value = x`, `v.value += 1` | [`Value::get`], [`Value::set`], [`Value::fetch_add`] |
//! | `Value(…, lock=lock)`, one lock for several | a struct in one [`Value`] |
//! | `Array('i', n)` | [`Array::zeroed`] |
//! | `Queue()`, `JoinableQueue()` | [`Queue`], [`JoinableQueue`] |
//! | `for x in items: q.put(x)` | [`Queue::put_many`], [`Queue::get_many`]: many in one step |
//! | `Pool()`, `AsyncResult` | [`Pool`], [`AsyncResult`] |
//! | `Pool()` in a program with threads, `initargs` | [`Pool::builder_on`] a [`ForkServer`] |
//! | `Pool()` whose tasks use globals that they inherit | [`ClosurePool`], whose closure may borrow |
//! | `pool.apply_async(f, args, callback=g)` | [`AsyncResult::on_done`] |
//! | `pool.starmap(f, pairs)` | [`Pool::map`]; the function takes the tuple apart: `\|(a, b)\| …` |
//! | `loop.run_in_executor(pool, …)`, `loop.add_reader(q._reader, …)` | [`Pool::fd`], [`Queue::fd`]; `crates/recipes/examples/event-loop.rs` is a program with tokio |
//! | `Manager()`, its `dict()`, `list()`, `Namespace()` | [`Manager`], [`DictProxy`], [`ListProxy`], [`Namespace`] |
//! | `d[k] += 1`, `l[i] += 1`, `n.x += 1` there | [`DictProxy::modify`], [`ListProxy::modify`], [`Namespace::modify`], which lose no change |
//! | `q._reader`, for an event loop | [`Queue::with_fd`], [`Queue::fd`] |
//! | `Pipe()` | [`pipe`], [`Connection`] |
//! | `c.send_bytes(b)`, `c.recv_bytes()`, `c.recv_bytes_into(b)` | [`Connection::send_bytes`], [`Connection::recv_bytes`], [`Connection::recv_bytes_into`] |
//! | `reduction.send_handle(c, f, pid)`, `recv_handle(c)` | [`Connection::send_fd`], [`Connection::recv_fd`]: any open file or socket |
//! | `connection.wait([q._reader, p.sentinel])` | [`wait(&[&q.fd()?, &p], None)`](wait), [`wait_for(&children, None)`](wait_for) |
//!
//! # What is left out
//!
//! | Python | why | in its place |
//! |---|---|---|
//! | `SimpleQueue`, `join_thread()`, `cancel_join_thread()` | no thread feeds a queue: `put` is complete when it returns | [`Queue`] |
//! | a `put` that knows that no consumer is left (Python's does not, either) | whichever process has a queue may get from it | [`Queue::close`], or a [pipe](one_way_pipe), whose `send` says [`Error::Hangup`] |
//! | `imap(f, items, chunksize)` | a task costs less than a microsecond | items that are chunks: `Vec`s |
//! | `next(timeout)` of an `imap` | an iterator's `next` has no argument | [`Pool::first_done`] with a timeout |
//! | `RawArray`, `RawValue` | what two processes change at once needs a lock, which costs some nanoseconds | [`Array`], [`Value`] |
//! | `SharedMemory(name)`, `ShareableList` | what has a name is left behind by a program that is killed | [`Array`], made before the processes; or a file that both map |
//! | `Listener`, `Client` | the standard library has sockets | `std::os::unix::net`, with an encoding of your choice |
//! | a `Connection` sent through a `Connection` | its ends share memory, by which two receivers take turns | made before the processes, or passed by a [`ForkServer`]; or [one end](Connection::send_fd) of a `UnixStream::pair()` |
//! | managers' `Queue()`, `Lock()`, `Event()` and the like | what processes synchronise by is faster without a server between them | [`Queue`], [`Lock`], [`Event`], which a [`ForkServer`] passes on, too |
//! | `register()`, objects of one's own in a manager | methods do not travel, only data does | data in a [`DictProxy`] that is changed by [`modify`](DictProxy::modify); a process of your own that answers on a [`pipe`] |
//! | nested proxies | an object lasts as long as its manager, whatever refers to it | items that are lists or dicts themselves, changed by [`modify`](ListProxy::modify) |
//! | `get_context()`, `set_start_method()`, `freeze_support()` | [`Process`] forks, a [`ForkServer`] is one more object | [`ForkServer`] for programs with threads |
//! | a process waits for its threads before it ends | it does not, as `main` in Rust does not | join them, or `std::thread::scope` |
//! | `cpu_count()` | the standard library has it | `std::thread::available_parallelism()` |
//! | `log_to_stderr()`, `get_logger()` | a logger and its level are inherited by fork, and by what a [`ForkServer`] starts if it was there before the server | the `log` crate with `env_logger`, whose `format` adds [`current_process().name()`](CurrentProcess::name) and the pid |
//!
//! # Traces
//!
//! With `IPC_TRACE=out.json` in its environment, a program leaves behind what its processes did and
//! when: started and ended, waited for a lock and held it, put an item in and took it out, did a task.
//! <https://ui.perfetto.dev> opens the file, which the main process writes when it ends. A process that
//! was killed is in it with all that it did until then.
//!
//! This crate is the one name that programs use. What it hands on lives in crates that can be used by
//! themselves: `ipc-sync` (locks and values), `ipc-queue` (queues and pipes), `ipc-process`, `ipc-forkserver`, `ipc-pool` and
//! `ipc-manager`; below them `ipc-ring` (a queue of bytes), `ipc-codec`, `ipc-trace` and `ipc-error`.

#![forbid(unsafe_code)]

// Its examples use crates that the library does not: they are run by the crate `recipes`.
#[cfg(all(doc, not(doctest)))]
#[doc = include_str!("recipes.md")]
pub mod recipes {}

pub use ipc_error::{Error, Result};
pub use ipc_forkserver::{ForkServer, ServerProcess};
pub use ipc_manager::{DictProxy, ListProxy, Manager, Namespace};
pub use ipc_pool::{AsyncResult, ClosurePool, Pool, PoolBuilder, ServerPoolBuilder};
pub use ipc_process::{
    AuthKey, Child, CurrentProcess, Outcome, ParentProcess, Process, Run, StillRunning,
    active_children, current_process, parent_process,
};
pub use ipc_queue::{
    Connection, Items, JoinableQueue, Message, Nothing, Queue, one_way_pipe, pipe, wait, wait_for,
};
pub use ipc_sync::{
    Array, Barrier, Condition, ConditionGuard, Event, Lock, LockGuard, Plain, Semaphore,
    SemaphorePermit, Value, ValueGuard,
};
