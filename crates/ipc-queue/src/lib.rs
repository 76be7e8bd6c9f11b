//! Queues and pipes between processes.
//!
//! Programs use these types through `ipc_common`. From the bottom up:
//!
//! - `os`: waiting for descriptors;
//! - `pipe`: messages between two ends; waiting for many things at once;
//! - `queues`: items from any process to any other;
//! - `passed`: how these come to processes that are no forks of this one.

mod os;
#[allow(unsafe_code, reason = "it vouches for the types of what is passed")]
mod passed;
mod pipe;
mod queues;

pub use ipc_codec::Message;
pub use ipc_error::{Error, Result};
pub use pipe::connection::Connection;
pub use pipe::ends::{Nothing, one_way_pipe, pipe};
pub use pipe::wait::{wait, wait_for};
pub use queues::items::Items;
pub use queues::joinable::JoinableQueue;
pub use queues::queue::Queue;

/// What the crates above need of this one's insides. No part of the interface: it may change with
/// any version.
#[doc(hidden)]
pub mod internal {
    pub use crate::os::descriptor::above_stdio;
    pub use crate::os::poll::poll_until;
    pub use crate::pipe::ends::unshared_pipe;
    pub use crate::pipe::wait::wait_until;
}
