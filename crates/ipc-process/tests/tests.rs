//! Tests of processes, queues and pipes.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "tests do to processes what the library must survive")]

mod codec;
mod connection;
mod daemon;
mod inheritance;
mod join_kill_points;
mod joinable;
mod memory;
mod process;
mod queue;
mod queue_interleavings;
mod queue_kill_points;
mod timeouts;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[
        codec::TESTS,
        connection::TESTS,
        daemon::TESTS,
        inheritance::TESTS,
        join_kill_points::TESTS,
        joinable::TESTS,
        memory::TESTS,
        process::TESTS,
        queue::TESTS,
        queue_interleavings::TESTS,
        queue_kill_points::TESTS,
        timeouts::TESTS,
    ])
}
