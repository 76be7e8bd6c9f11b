//! Tests of the fork server.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "tests do to processes what the library must survive")]

mod children;
mod faults;
mod kill_points;
mod passing;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[children::TESTS, faults::TESTS, kill_points::TESTS, passing::TESTS])
}
