//! Tests on a real server, which each test starts for itself on a Unix socket in a temporary folder.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]
#![allow(unsafe_code, reason = "a server is to end with the test that started it")]

mod cuts;
mod joinable;
mod killed;
mod leases;
mod lock;
mod pool;
mod proxy;
mod queue;
mod refusals;
mod restarts;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    if !server::is_installed() {
        println!("skipped: there is no redis-server (Debian and Ubuntu: apt install redis-server)");
        return ExitCode::SUCCESS;
    }
    testing::harness::run(&[
        cuts::TESTS,
        joinable::TESTS,
        killed::TESTS,
        leases::TESTS,
        lock::TESTS,
        pool::TESTS,
        queue::TESTS,
        refusals::TESTS,
        restarts::TESTS,
    ])
}
