//! Gives five tasks to the workers in other terminals, on this machine or another.
//!
//! As the program `pool`, with its tasks given here and done by the example `worker`. A worker may be
//! killed in the middle of a task: another one does it.
//!
//! Run: `cargo run -p ipc-redis --example owner`, and `… --example worker` in one terminal or more. The
//! server is on this machine (Debian, Ubuntu: `apt install redis-server`), or at `REDIS_URL`.

use std::{env, process};

use ipc_redis::{Pool, Result};

mod tasks;

fn main() -> Result<()> {
    let url = env::var("REDIS_URL").unwrap_or("redis://localhost".into());
    println!("Parent process {}.", process::id());
    let p = Pool::connect(&url, "examples")?;
    for i in 0..5 {
        p.apply_async(tasks::LONG_TIME_TASK, i)?; // its result could be asked for
    }
    println!("Waiting for all subprocesses done...");
    p.close();
    p.join()?;
    println!("All subprocesses done.");
    Ok(())
}
