//! Of six processes, at most two at a time do what a semaphore guards.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Process, Result, Semaphore, Value};

fn main() -> Result<()> {
    let permits = Semaphore::new(2)?;
    let inside = Value::new(0_i32)?;
    let most = Value::new(0_i32)?;

    let work = || -> Result<()> {
        permits.acquire();
        let now = inside.fetch_add(1)? + 1; // it returns what was there before
        {
            let mut most = most.lock()?;
            *most = now.max(*most);
        }
        sleep(Duration::from_millis(50));
        inside.fetch_add(-1)?;
        permits.release()
    };
    let mut children = Vec::new();
    for _ in 0..6 {
        children.push(Process::new(work).start()?);
    }
    for child in children {
        child.join()?;
    }
    println!("at most {} at a time", *most.lock()?);
    Ok(())
}
