//! Pools: `task`, what goes to workers and back; `worker`; `owner`, which gives tasks and waits for
//! results; `async_result` and `pool`, its faces.

pub(crate) mod async_result;
pub(crate) mod owner;
#[allow(clippy::module_inception, reason = "it is where the type of that name is")]
pub(crate) mod pool;
pub(crate) mod task;
pub(crate) mod worker;
