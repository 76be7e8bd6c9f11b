//! Tests of queues and pipes.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "tests do to processes what the library must survive")]

mod close_kill_points;
mod connection;
mod join_kill_points;
mod joinable;
mod large_messages;
mod last_slot;
mod many;
mod many_kill_points;
mod memory;
mod queue;
mod queue_descriptor;
mod queue_fairness;
mod queue_growth;
mod queue_interleavings;
mod queue_kill_points;
mod queue_memory;
mod raw;
mod stopped_producer;
mod timeouts;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[
        close_kill_points::TESTS,
        connection::TESTS,
        join_kill_points::TESTS,
        joinable::TESTS,
        large_messages::TESTS,
        last_slot::TESTS,
        many::TESTS,
        many_kill_points::TESTS,
        memory::TESTS,
        queue::TESTS,
        queue_descriptor::TESTS,
        queue_fairness::TESTS,
        queue_growth::TESTS,
        queue_interleavings::TESTS,
        queue_kill_points::TESTS,
        queue_memory::TESTS,
        raw::TESTS,
        stopped_producer::TESTS,
        timeouts::TESTS,
    ])
}
