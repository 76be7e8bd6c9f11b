//! Tests of what all crates below have in common: how an item travels.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod codec;
mod items;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[codec::TESTS, items::TESTS])
}
