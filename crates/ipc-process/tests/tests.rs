//! Tests of processes.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "tests do to processes what the library must survive")]

mod daemon;
mod end;
mod inheritance;
mod parent;
mod process;
mod unread_output;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[
        daemon::TESTS,
        end::TESTS,
        inheritance::TESTS,
        parent::TESTS,
        process::TESTS,
        unread_output::TESTS,
    ])
}
