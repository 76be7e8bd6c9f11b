//! Processes, queues and pipes: the core of Python's `multiprocessing` for Rust on Linux.
//!
//! Programs use these types through `ipc_common`. From the bottom up: `codec`, items to bytes and
//! back; `process`, starting and ending; `pipe`; `queue`.

mod codec;
#[allow(unsafe_code, reason = "descriptors come out of messages")]
mod pipe;
#[allow(unsafe_code, reason = "it forks")]
mod process;
mod queue;

pub use codec::Message;
pub use ipc_error::{Error, Result};
pub use pipe::connection::{Connection, Nothing, one_way_pipe, pipe, wait};
pub use process::child::{Child, StillRunning};
pub use process::current::{
    AuthKey, CurrentProcess, ParentProcess, active_children, current_process, parent_process,
};
pub use process::{Process, Run};
pub use queue::Queue;
pub use queue::joinable::JoinableQueue;

/// What the crates above need of this one's insides. No part of the interface: it may change with
/// any version.
#[doc(hidden)]
pub mod internal {
    pub use crate::codec::{decode, empty, encode, with_buffer};
    pub use crate::pipe::connection::wait_until;
    pub use crate::process::pidfd::{PidFd, above_stdio};
}
