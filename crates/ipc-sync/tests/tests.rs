//! Tests of locks, what waits, and values.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "tests do to processes what the library must survive")]

mod barrier;
mod condition;
mod event;
mod interleavings;
mod lock;
mod lock_kill_points;
mod memory;
mod semaphore;
mod value;
mod waiter_kill_points;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[
        barrier::TESTS,
        condition::TESTS,
        event::TESTS,
        interleavings::TESTS,
        lock::TESTS,
        lock_kill_points::TESTS,
        memory::TESTS,
        semaphore::TESTS,
        value::TESTS,
        waiter_kill_points::TESTS,
    ])
}
