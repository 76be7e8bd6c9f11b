//! Tests of managers.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "tests do to processes what the library must survive")]

mod changes;
mod faults;
mod memory;
mod objects;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[
        changes::TESTS,
        faults::TESTS,
        memory::TESTS,
        objects::TESTS,
        server::TESTS,
    ])
}
