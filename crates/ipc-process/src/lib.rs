//! Processes, queues and pipes: the core of Python's `multiprocessing` for Rust on Linux.
//!
//! Programs use these types through `ipc_common`. From the bottom up:
//!
//! - `os`: pidfds, waiting for descriptors;
//! - `process`: starting processes and ending them;
//! - `pipe`: messages between two ends; waiting for many things at once;
//! - `queues`: items from any process to any other;
//! - `passed`: how these come to processes that are no forks of this one.

mod os;
#[allow(unsafe_code, reason = "it vouches for the types of what is passed")]
mod passed;
mod pipe;
mod process;
mod queues;

pub use ipc_codec::Message;
pub use ipc_error::{Error, Result};
pub use pipe::connection::Connection;
pub use pipe::ends::{Nothing, one_way_pipe, pipe};
pub use pipe::wait::{wait, wait_for};
pub use process::active_children::active_children;
pub use process::builder::Process;
pub use process::child::{Child, StillRunning};
pub use process::current::{
    AuthKey, CurrentProcess, ParentProcess, current_process, parent_process,
};
pub use process::outcome::Outcome;
pub use process::run::Run;
pub use queues::items::Items;
pub use queues::joinable::JoinableQueue;
pub use queues::queue::Queue;

/// What the crates above need of this one's insides. No part of the interface: it may change with
/// any version.
#[doc(hidden)]
pub mod internal {
    pub use crate::os::descriptor::above_stdio;
    pub use crate::os::pidfd::PidFd;
    pub use crate::pipe::ends::unshared_pipe;
    pub use crate::pipe::wait::wait_until;
    pub use crate::process::copied::{
        ends_with_parent, keep_child, next_identity, prepare_for_child, run_copied_child,
    };
    pub use crate::process::identity::Identity;
    pub use crate::process::threads::count_threads;
    pub use ipc_codec::decode;
    pub use ipc_codec::encode;
    pub use ipc_codec::{empty, with_buffer};
}
