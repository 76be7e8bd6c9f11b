//! Tests of traces: programs of processes run with `IPC_TRACE`, and what stands in the file.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "each traced program is a fork of its test")]

mod ends;
mod file;
mod killed;
mod trace;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[ends::TESTS, file::TESTS, killed::TESTS])
}
