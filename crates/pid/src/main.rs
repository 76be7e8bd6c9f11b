//! Every process has an id and knows its parent's, and a handle tells whether it is alive.
//!
//! From «进程PID号», document 2.
//!
//! The kernel gives each process a number that no other has while it lives; in another terminal,
//! `ps aux | grep PID` finds it for ten seconds. After `join` the number is free for another
//! process, which `terminate` can never hit: the handle stands for the child, not for its number.
//!
//! In Python: `os.getpid()`, `os.getppid()`, `current_process().pid`, `is_alive()`, `terminate()`.
//!
//! Run: `cargo run -p pid`. `true` may come anywhere among the child's lines; the rest is fixed.
//! Next: `pid-parent`.

use std::os::unix::process::parent_id;
use std::process;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Process, current_process};

fn func() {
    let pid = current_process().pid();
    let pid1 = process::id();
    let pid2 = parent_id();
    println!("func---PID: {pid}");
    println!("func---PID: {pid1}");
    println!("func---PPID: {pid2}");
    sleep(Duration::from_secs(10));
}

fn main() -> ipc_common::Result<()> {
    let p = Process::new(func).start()?;
    println!("{}", p.is_alive()?);
    p.join()?;
    p.terminate()?;
    println!("{}", p.is_alive()?);
    println!("main---PID: {}", process::id());
    println!("main---PPID: {}", parent_id());
    Ok(())
}
