//! The manager's server process.

mod objects;
pub(crate) mod serve;
mod set_up;
