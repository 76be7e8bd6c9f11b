//! Tests of pools.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "tests do to processes what the library must survive")]

mod events;
mod killed_processes;
mod limits;
mod on_server;
mod starts;
mod tasks;
mod time_limits;
mod users;
mod uses;
mod worker_kill_points;

use std::process::ExitCode;

fn main() -> ExitCode {
    testing::harness::run(&[
        events::TESTS,
        killed_processes::TESTS,
        limits::TESTS,
        on_server::TESTS,
        starts::TESTS,
        tasks::TESTS,
        time_limits::TESTS,
        users::TESTS,
        uses::TESTS,
        worker_kill_points::TESTS,
    ])
}
