#![doc = include_str!("../README.md")]
//!
//! # Layers
//!
//! From the bottom up: `error`; `server`, a connection and the scripts that are executed there;
//! `queues`, `lock`; `pool`.
#![forbid(unsafe_code)]

mod error;
mod lock;
mod lock_guard;
mod pool;
mod queues;
mod server;

pub use error::{Error, Result};
pub use lock::Lock;
pub use lock_guard::LockGuard;
pub use pool::async_result::AsyncResult;
pub use pool::pool::Pool;
pub use pool::task::Task;
pub use pool::worker::Worker;
pub use queues::item::Item;
pub use queues::joinable::JoinableQueue;
pub use queues::queue::Queue;
