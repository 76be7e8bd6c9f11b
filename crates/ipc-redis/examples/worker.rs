//! Does the tasks that the example `owner` gives, until it is killed.
//!
//! Run: `cargo run -p ipc-redis --example worker`, as often as you like. The server is on this machine
//! (Debian, Ubuntu: `apt install redis-server`), or at `REDIS_URL`.

use std::env;

use ipc_redis::{Result, Worker};

mod tasks;

fn main() -> Result<()> {
    let url = env::var("REDIS_URL").unwrap_or("redis://localhost".into());
    Worker::connect(&url, "examples")?.task(tasks::LONG_TIME_TASK).run()
}
