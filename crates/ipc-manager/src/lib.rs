//! Dicts, lists and namespaces that live in a process of their own; Python's
//! `multiprocessing.Manager`.
//!
//! Programs use these types through `ipc_common`.

#![forbid(unsafe_code)]

mod dict_proxy;
mod list_proxy;
mod manager;
mod namespace;
mod server;

pub use dict_proxy::DictProxy;
pub use ipc_error::{Error, Result};
pub use list_proxy::ListProxy;
pub use manager::Manager;
pub use namespace::Namespace;
