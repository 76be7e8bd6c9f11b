//! The kinds of work, a file for each, and the catalogue of all.

pub(crate) mod catalog;
pub(crate) mod killed;
pub(crate) mod payload;
pub(crate) mod redis;
pub(crate) mod redis_waiting;
pub(crate) mod shape;

mod busy;
mod idle;
mod joinable;
mod lock;
mod manager;
mod many;
mod memory;
mod ping_pong;
mod pool;
#[cfg(feature = "peers")]
mod rtrb_threads;
mod start;
mod throughput;
