//! A pool of worker processes; Python's `multiprocessing.Pool`.
//!
//! Programs use these types through `ipc_common`. From the bottom up:
//!
//! - the crate `ipc-worker`: the workers, their supervisor, and what they share with the pool;
//! - `owner`: the side of the process that made the pool;
//! - [`AsyncResult`], [`Pool`], [`PoolBuilder`], [`ClosurePool`];
//! - `supervise`, [`ServerPoolBuilder`]: a pool that a fork server starts.

mod async_result;
mod closure_pool;
mod owner;
mod pool;
mod pool_builder;
mod pool_end;
mod pool_events;
mod pool_map;
mod server_pool_builder;
#[allow(unsafe_code, reason = "the initializer is called by its address")]
mod supervise;

pub use async_result::AsyncResult;
pub use closure_pool::ClosurePool;
pub use ipc_error::{Error, Result};
pub use pool::Pool;
pub use pool_builder::PoolBuilder;
pub use server_pool_builder::ServerPoolBuilder;
