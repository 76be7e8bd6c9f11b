//! The side of the process that made the pool.

pub(crate) mod dispatcher;
mod doorbell;
mod inbox;
pub(crate) mod pending_task;
