//! Tests of locks, what waits, and values.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "tests do to processes what the library must survive")]

mod barrier;
mod barrier_action;
mod condition;
mod event;
mod fairness;
mod interleavings;
mod lent_data;
mod lock;
mod lock_kill_points;
mod memory;
mod semaphore;
mod thread_end;
mod value;
mod waiter_kill_points;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[
        barrier::TESTS,
        barrier_action::TESTS,
        condition::TESTS,
        event::TESTS,
        fairness::TESTS,
        interleavings::TESTS,
        lent_data::TESTS,
        lock::TESTS,
        lock_kill_points::TESTS,
        memory::TESTS,
        semaphore::TESTS,
        thread_end::TESTS,
        value::TESTS,
        waiter_kill_points::TESTS,
    ])
}
