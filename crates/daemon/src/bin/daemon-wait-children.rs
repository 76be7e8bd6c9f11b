//! A main process that has nothing left to do waits for its children before it ends.
//!
//! From «（4）多进程的注意点», 主进程会等待所有的子进程执行结束再结束, document 3.
//!
//! The kernel would let the parent go and the child become an orphan; it is the library that
//! waits, after `main` has returned, as Python does. (So it does after a panic, and in
//! `std::process::exit`; only a signal ends a process without that.)
//!
//! In Python: `sub_process.start()`, `time.sleep(0.5)`, `exit()`.
//!
//! Run: `cargo run --bin daemon-wait-children`. `over` comes after two or three of the ten lines.
//! Next: `daemon-killed`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::Process;

/// What the child does.
fn task() {
    for _ in 0..10 {
        println!("任务执行中...");
        sleep(Duration::from_millis(200));
    }
}

fn main() -> ipc_common::Result<()> {
    Process::new(task).start()?;

    sleep(Duration::from_millis(500));
    println!("over");
    Ok(())
} // then the program waits for its child
