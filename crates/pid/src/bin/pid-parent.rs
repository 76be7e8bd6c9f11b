//! The parent id of each child is the id of the process that started it.
//!
//! From «（2）获取进程编号», document 3.
//!
//! Processes form a tree: each is started by another one, and `getppid` asks the kernel for the
//! branch it grows from. The answer is right only as long as the parent lives, which it does here:
//! it waits at its end. What happens otherwise is shown by `orphan`.
//!
//! In Python: `os.getpid()`, `current_process().pid`, `os.getppid()`.
//!
//! Run: `cargo run --bin pid-parent`. The lines of the two children mix.
//! Next: `zombie`.

use std::os::unix::process::parent_id;
use std::process;

use ipc_common::{Process, current_process};

fn dance() {
    println!("dance: {}", process::id());
    println!("dance: {}", current_process().pid());
    println!("dance-main: {}", parent_id());
}

fn sing() {
    println!("sing: {}", process::id());
    println!("sing: {}", current_process().pid());
    println!("sing-main: {}", parent_id());
}

fn main() -> ipc_common::Result<()> {
    println!("main: {}", process::id());
    println!("main: {}", current_process().pid());
    let dance_process = Process::new(dance).name("myprocess1");
    let sing_process = Process::new(sing);
    dance_process.start()?;
    sing_process.start()?;
    Ok(())
} // then the program waits for both
