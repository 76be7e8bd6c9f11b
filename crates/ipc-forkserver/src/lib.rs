//! Starting processes from programs that have threads or much memory; Python's `forkserver`.
//!
//! Programs use these types through `ipc_common`. From the bottom up:
//!
//! - `packet`: bytes and descriptors through a socket; `image`: where a function is; `entry`: where
//!   a new process begins;
//! - `request`: what is asked of the server; `copy`: a child that is made by a sibling;
//! - `serve`: the server's process; `connection`: how it is made and asked; `server`: the handle to it;
//!   `process`: what a program describes.

mod connection;
#[allow(unsafe_code, reason = "a system call that copies the process")]
mod copy;
mod entry;
#[allow(unsafe_code, reason = "it asks the dynamic linker")]
mod image;
mod packet;
#[allow(unsafe_code, reason = "functions are called by their address")]
mod process;
mod request;
#[allow(unsafe_code, reason = "it vouches for what the server's children are given")]
mod serve;
mod server;

pub use process::ServerProcess;
pub use server::ForkServer;

/// What the crates above need of this one's insides. No part of the interface: it may change with
/// any version.
#[doc(hidden)]
pub mod internal {
    pub use crate::image::Image;
}
