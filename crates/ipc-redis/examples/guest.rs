//! A guest, for the cooks in another terminal, on this machine or another.
//!
//! As `producer-consumer-joinable`, with its guests here and its cooks in the example `cook`. Start as
//! many as you like; end them with Ctrl-C, or by `kill -9` with a dish in their hands.
//!
//! Run: `cargo run -p ipc-redis --example guest`, with the guest's name after `--` if you like. The
//! server is on this machine (Debian, Ubuntu: `apt install redis-server`), or at `REDIS_URL`.

use std::env;

use ipc_redis::{JoinableQueue, Result};

fn consumers(name: &str, q: &JoinableQueue<String>) -> Result<()> {
    loop {
        let eat = q.get()?;
        println!("{name}吃了{eat}");
        eat.done()?;
    }
}

fn main() -> Result<()> {
    let url = env::var("REDIS_URL").unwrap_or("redis://localhost".into());
    let name = env::args().nth(1).unwrap_or("c1".into());
    let q = JoinableQueue::connect(&url, "dishes")?;
    consumers(&name, &q)
}
