//! The side of the process that made the pool.

mod collector;
pub(crate) mod dispatcher;
mod doorbell;
mod inbox;
mod owner_process;
pub(crate) mod pending_task;
