//! What the tests of the library's crates share.
//!
//! Each of those crates has one test binary, `tests/tests.rs`, whose `main` is [`harness::run`].

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(clippy::new_without_default, reason = "only `new` is called")]
#![allow(missing_debug_implementations, reason = "nothing here is printed")]

pub mod harness;
mod instruction;
pub mod kill_points;
pub mod manager;
#[allow(unsafe_code, reason = "it maps memory that tests share")]
pub mod memory;
pub mod pool;
#[allow(unsafe_code, reason = "it installs a signal handler")]
pub mod processes;
pub mod signpost;
mod stepping;
pub mod victim;
mod way;
