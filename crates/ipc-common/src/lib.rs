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
//! | Python | here |
//! |---|---|
//! | `Process(target=f, args=(x,))` | [`Process::new(\|\| f(x))`](Process::new) |
//! | `class P(Process): def run(self)` | `impl` [`Run`] |
//! | `p.start()`, `p.join()`, `p.exitcode` … | [`Process::start`], and the methods of [`Child`] |
//! | `current_process()`, `parent_process()`, `active_children()` | [`current_process`], [`parent_process`], [`active_children`] |
//! | `Lock()` | [`Lock`]; to lock it twice is an error, not a deadlock, so there is no `RLock()` |
//! | `Semaphore()`, `BoundedSemaphore()` | [`Semaphore`] |
//! | `Event()`, `Condition()`, `Barrier()` | [`Event`], [`Condition`], [`Barrier`] |
//! | `Value()`, `Array()` | [`Value`], [`Array`] |
//! | `Queue()`, `JoinableQueue()` | [`Queue`], [`JoinableQueue`] |
//! | `Pool()`, `AsyncResult` | [`Pool`], [`AsyncResult`] |
//! | `Manager()`, its `dict()`, `list()`, `Namespace()` | [`Manager`], [`DictProxy`], [`ListProxy`], [`Namespace`] |
//! | `q._reader`, for an event loop | [`Queue::with_fd`], [`Queue::fd`] |
//! | `Pipe()` | [`pipe`], [`Connection`] |
//! | `connection.wait([q._reader, p.sentinel])` | [`wait(&[&q.fd()?, &p], None)`](wait), [`wait_for(&children, None)`](wait_for) |
//!
//! This crate is the one name that programs use. What it hands on lives in crates that can be used by
//! themselves: `ipc-sync` (locks and values), `ipc-process` (processes, queues, pipes), `ipc-pool` and
//! `ipc-manager`; below them `ipc-ring` (a queue of bytes), `ipc-codec` and `ipc-error`.

#![forbid(unsafe_code)]

pub use ipc_error::{Error, Result};
pub use ipc_manager::{DictProxy, ListProxy, Manager, Namespace};
pub use ipc_pool::{AsyncResult, ClosurePool, Pool, PoolBuilder};
pub use ipc_process::{
    AuthKey, Child, Connection, CurrentProcess, Items, JoinableQueue, Message, Nothing, Outcome,
    ParentProcess, Process, Queue, Run, StillRunning, active_children, current_process,
    one_way_pipe, parent_process, pipe, wait, wait_for,
};
pub use ipc_sync::{
    Array, Barrier, Condition, ConditionGuard, Event, Lock, LockGuard, Plain, Semaphore, Value,
    ValueGuard,
};
