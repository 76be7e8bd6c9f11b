//! Tests of what the ring alone knows; `ipc-queue` tests it as a queue.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod memory_limit;
#[path = "../src/memory_limit.rs"]
mod memory_limit_source;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[memory_limit::TESTS])
}
