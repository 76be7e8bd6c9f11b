//! Two cooks, for the guests in other terminals, on this machine or another.
//!
//! As `producer-consumer-joinable`, with its cooks here and its guests in the example `guest`. When all
//! dishes have been eaten, it ends. A guest may be killed with a dish in its hands: another gets it.
//!
//! Run: `cargo run -p ipc-redis --example cook`, and `… --example guest` in one terminal or more. The
//! server is on this machine (Debian, Ubuntu: `apt install redis-server`), or at `REDIS_URL`.

use std::env;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::Process;
use ipc_redis::{JoinableQueue, Result};

fn producers(name: &str, food: &str, url: &str) -> Result<()> {
    let q = JoinableQueue::connect(url, "dishes")?; // each process for itself
    for i in 0..5 {
        sleep(Duration::from_secs_f64(rand::random()));
        let data = format!("{name}生产{food}{i}");
        println!("{data}");
        q.put(&data)?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let url = env::var("REDIS_URL").unwrap_or("redis://localhost".into());
    let p1 = Process::new(|| producers("Jon", "包子", &url)).start()?;
    let p2 = Process::new(|| producers("Lin", "鸡排", &url)).start()?;
    p1.join()?;
    p2.join()?; // nothing more will be put

    let q = JoinableQueue::<String>::connect(&url, "dishes")?;
    q.join()?; // and everything has been eaten
    Ok(())
}
