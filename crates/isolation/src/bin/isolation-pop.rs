//! Two processes take all names out of one list, and each of them gets all three.
//!
//! From «（4）多进程的注意点», document 3.
//!
//! Each fork copies the list as it stands in the parent, which never takes anything out. The two
//! mutable borrows are no conflict: each ends when `start` returns, for the child has its own copy.
//! To share out work, the processes need something that is not copied, such as a queue.
//!
//! In Python: `batch.pop()` in two processes that were given the same list.
//!
//! Run: `cargo run --bin isolation-pop`. The lines of the two mix; each one's own keep their order.
//! Next: `pid`.

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

/// The singing task.
fn sing(batch: &mut Vec<&str>) {
    while let Some(name) = batch.pop() {
        let process = current_process();
        println!("{name}唱歌中...,{}-{}", process.pid(), process.name());
        sleep(Duration::from_millis(200));
    }
}

fn main() -> ipc_common::Result<()> {
    let mut students = vec!["小刚", "小贵", "小恒"];
    Process::new(|| dance(&mut students)).name("myprocess1").start()?;
    Process::new(|| sing(&mut students)).name("myprocess2").start()?;
    Ok(())
} // then the program waits for both
