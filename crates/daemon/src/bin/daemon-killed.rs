//! A daemon is not waited for: it ends with its parent, in the middle of its work.
//!
//! From «（4）多进程的注意点», 守护主进程, document 3.
//!
//! When `main` returns, dropping the handle ends the daemon with SIGTERM. Should the parent be
//! killed so that it cannot drop anything, the kernel kills the daemon: its parent-death signal
//! was set when it started. `任务执行完成` is never seen.
//!
//! In Python: `Process(target=task, daemon=True)`, `start()`.
//!
//! Run: `cargo run --bin daemon-killed`. The order never varies.
//! Next: `lock`.

use std::error::Error;
use std::io::{self, PipeWriter, Read, Write, pipe};
use std::thread::sleep;
use std::time::Duration;

use ipc_common::Process;

/// What the daemon does, if it is given the time.
fn task(mut to_main: &PipeWriter) -> io::Result<()> {
    println!("任务执行中...");
    to_main.write_all(&[0])?;
    sleep(Duration::from_secs(2));
    println!("任务执行完成");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut from_task, to_main) = pipe()?;
    let _sub_process = Process::new(|| task(&to_main)).daemon(true).start()?;

    from_task.read_exact(&mut [0])?; // the task is at work
    println!("over");
    Ok(())
} // ends `_sub_process`
