//! Starts the processes, kills, stops and continues them, and looks whether they go on.

mod finish;
mod slot;
pub(crate) mod soak;
mod trouble;
