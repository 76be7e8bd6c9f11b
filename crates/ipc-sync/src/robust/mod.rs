//! The mutex that no `kill -9` can leave locked, and what stands on it directly.

pub(crate) mod fork_generation;
mod held_list;
pub(crate) mod mutex;
pub(crate) mod state_guard;
mod thread;
pub(crate) mod user_guard;
