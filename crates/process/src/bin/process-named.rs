//! A process has a name, and can ask for it.
//!
//! From «2.基本使用», document 3.
//!
//! The kernel knows a process by its id alone; the name is for people who read logs. Unless it is
//! given one, the first child is `Process-1`. The batch is borrowed, not sent: the child empties
//! its own copy of it, which `isolation-pop` shows from both sides.
//!
//! In Python: `Process(target=dance, args=(students,), name="myprocess1")`, `current_process()`.
//!
//! Run: `cargo run --bin process-named`. The order never varies.
//! Next: `process-args`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Process, current_process};

/// The dancing task.
fn dance(batch: &mut Vec<&str>) {
    while let Some(name) = batch.pop() {
        let process = current_process();
        println!("{name}跳舞中...,{}-{}", process.pid(), process.name());
        sleep(Duration::from_millis(200));
    }
}

fn main() -> ipc_common::Result<()> {
    let mut students = vec!["小刚", "小贵", "小恒"];
    Process::new(|| dance(&mut students)).name("myprocess1").start()?;
    Ok(())
} // then the program waits for its child
