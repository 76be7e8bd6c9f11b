//! `std::sync` for processes: locks and what is built on them, in memory that survives `kill -9`.
//!
//! Everything here lives in shared memory without a name. Create it before the processes that use it
//! are started, and let them borrow it. Programs use these types through `ipc_common`.
//!
//! From the bottom up:
//!
//! - `robust`: the mutex that the kernel releases for a dead owner; `event_count`: a count that
//!   can be slept on; `waiter_slots`: waiters of which the living can be told from the dead;
//! - [`Lock`], [`Semaphore`], [`Event`], [`Condition`], [`Barrier`], [`Value`], [`Array`];
//! - `passed`: how these come to processes that are no forks of this one.

mod barrier;
mod condition;
mod event;
mod event_count;
mod lock;
#[allow(unsafe_code, reason = "it vouches for the types of what is passed")]
mod passed;
#[allow(unsafe_code, reason = "the kernel and glibc share its data")]
mod robust;
mod semaphore;
#[allow(unsafe_code, reason = "a guard refers to shared memory")]
mod value;
mod waiter_slots;

pub use barrier::Barrier;
pub use condition::{Condition, ConditionGuard};
pub use event::Event;
pub use ipc_error::{Error, Result};
pub use lock::{Lock, LockGuard};
pub use semaphore::{Semaphore, SemaphorePermit};
pub use value::array::Array;
pub use value::guard::ValueGuard;
pub use value::{Plain, Value};

/// What the crates above need of this one's insides. No part of the interface: it may change with
/// any version.
#[doc(hidden)]
pub mod internal {
    pub use crate::event_count::{AtomicCount, Count, EventCount};
    pub use crate::robust::fork_generation::{copied, fork_generation, watch_forks};
    pub use crate::robust::mutex::RobustMutex;
    pub use crate::robust::state_guard::StateGuard;
    pub use crate::robust::user_guard::guards_of_this_thread;
    pub use ipc_memory::{Deadline, spin_until};
}
