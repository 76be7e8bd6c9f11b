//! The processes below a pool, and what they share with it: the insides of `ipc-pool`.
//!
//! From the bottom up:
//!
//! - `shared`: what the pool and its workers share, and the messages between them;
//! - `worker`: what the workers and their supervisor do.

#![allow(missing_docs, missing_debug_implementations, reason = "for ipc-pool alone")]

pub mod shared;
pub mod worker;
