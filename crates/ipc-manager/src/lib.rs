//! Dicts, lists and namespaces that live in a process of their own; Python's
//! `multiprocessing.Manager`.
//!
//! Programs use these types through `ipc_common`. From the bottom up:
//!
//! - `memory`: memory that is asked for; `blob`: an encoded item;
//! - `protocol`: requests and replies;
//! - `server`: the process that holds the objects; `client`: what talks to it;
//! - `proxy`: [`DictProxy`], [`ListProxy`], [`Namespace`];
//! - [`Manager`].

#![forbid(unsafe_code)]

mod blob;
mod client;
mod manager;
mod memory;
mod protocol;
mod proxy;
mod server;

pub use ipc_error::{Error, Result};
pub use manager::Manager;
pub use proxy::dict::DictProxy;
pub use proxy::list::ListProxy;
pub use proxy::namespace::Namespace;
