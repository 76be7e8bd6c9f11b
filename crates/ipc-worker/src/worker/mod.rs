//! The processes below a pool: its supervisor, which starts the workers, and the workers.

pub mod config;
#[allow(unsafe_code, reason = "it resets a signal handler, and ends a process at once")]
mod os;
#[allow(unsafe_code, reason = "it vouches for the types of what is passed")]
pub mod station;
pub mod supervisor;
mod task_timer;
mod worker_process;
