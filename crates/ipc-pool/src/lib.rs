//! A pool of worker processes; Python's `multiprocessing.Pool`.
//!
//! Programs use these types through `ipc_common`.

mod async_result;
mod dispatcher;
mod pool;
mod pool_builder;
#[allow(unsafe_code, reason = "it resets a signal handler")]
mod supervisor;
#[allow(unsafe_code, reason = "a function travels as its address")]
mod task;
#[allow(unsafe_code, reason = "a task is called by its address")]
mod worker;

pub use async_result::AsyncResult;
pub use ipc_error::{Error, Result};
pub use pool::Pool;
pub use pool_builder::PoolBuilder;
