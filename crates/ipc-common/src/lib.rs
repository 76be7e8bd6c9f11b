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
//! | `Pipe()`, `connection.wait()` | [`pipe`], [`Connection`], [`wait`] |
//!
//! The files, in the order in which they build on each other: `error`, `deadline`, `memory`,
//! `robust`, `locked`, `lock`, `value`; `pidfd`, `child`, `current`, `process`; `counter`, `semaphore`,
//! `event`, `seats`, `condition`, `barrier`; `codec`, `ring`, `queue`, `joinable`; `connection`;
//! `task`, `worker`, `supervisor`, `dispatcher`, `async_result`, `pool_builder`, `pool`; `server`,
//! `manager`, `dict_proxy`, `list_proxy`, `namespace`.

mod async_result;
mod barrier;
mod child;
mod codec;
mod condition;
mod connection;
mod counter;
mod current;
mod deadline;
mod dict_proxy;
mod dispatcher;
mod error;
mod event;
mod joinable;
mod list_proxy;
mod lock;
mod locked;
mod manager;
mod memory;
mod namespace;
mod pidfd;
mod pool;
mod pool_builder;
mod process;
mod queue;
mod ring;
mod robust;
mod seats;
mod semaphore;
mod server;
mod supervisor;
mod task;
mod value;
mod worker;

pub use async_result::AsyncResult;
pub use barrier::Barrier;
pub use child::{Child, StillRunning};
pub use codec::Message;
pub use condition::{Condition, ConditionGuard};
pub use connection::{Connection, Nothing, one_way_pipe, pipe, wait};
pub use current::{
    AuthKey, CurrentProcess, ParentProcess, active_children, current_process, parent_process,
};
pub use dict_proxy::DictProxy;
pub use error::{Error, Result};
pub use event::Event;
pub use joinable::JoinableQueue;
pub use list_proxy::ListProxy;
pub use lock::{Lock, LockGuard};
pub use manager::Manager;
pub use namespace::Namespace;
pub use pool::Pool;
pub use pool_builder::PoolBuilder;
pub use process::{Process, Run};
pub use queue::Queue;
pub use semaphore::Semaphore;
pub use value::{Array, Value, ValueGuard};
