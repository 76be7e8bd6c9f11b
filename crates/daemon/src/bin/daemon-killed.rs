//! A daemon is not waited for: it ends with its parent, in the middle of its work.
//!
//! From «（4）多进程的注意点», 守护主进程, document 3.
//!
//! After `main` has returned, the library ends the daemon with SIGTERM. Should the parent be
//! killed so that it cannot do so, the kernel kills the daemon: its parent-death signal was set
//! when it started. `任务执行完成` is never seen.
//!
//! In Python: `Process(target=task, daemon=True)`, `start()`, `Event()`, `set()`, `wait()`.
//!
//! Run: `cargo run --bin daemon-killed`. The order never varies.
//! Next: `lock`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Event, Process};

/// What the daemon does, if it is given the time.
fn task(at_work: &Event) {
    println!("任务执行中...");
    at_work.set();
    sleep(Duration::from_secs(2));
    println!("任务执行完成");
}

fn main() -> ipc_common::Result<()> {
    let at_work = Event::new()?; // a flag in memory that both processes share
    Process::new(|| task(&at_work)).daemon(true).start()?;

    at_work.wait();
    println!("over");
    Ok(())
} // ends the daemon
