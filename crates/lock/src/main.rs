//! A lock lets one process at a time do its work.
//!
//! From «二、进程同步», document 1.
//!
//! The lock is made before the processes are, in memory that a fork does not copy but shares. A
//! process that finds it taken sleeps in the kernel until it is free. The guard gives it back when
//! it is dropped; if its holder is killed, even by `kill -9`, the kernel does so. Each process
//! prints its line in two parts: without the lock, the parts of all ten get mixed.
//!
//! In Python: `multiprocessing.Lock()`, `with l:`, `print(…, end="", flush=True)`.
//!
//! Run: `cargo run -p lock`. The ten lines come in any order, `进程结束` at the end.
//! Next: `ticket-lock`.

use std::error::Error;
use std::io::{Write, stdout};
use std::process;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Lock, Process};

fn func(lock: &Lock, num: u32) -> Result<(), Box<dyn Error>> {
    let _guard = lock.lock()?; // `_` alone would drop it at once, and so free the lock
    print!("当前获取到的数据结果为:  {num} ");
    stdout().flush()?; // otherwise it is kept until the line is complete
    sleep(Duration::from_millis(20)); // time for the others to get in between
    println!("当前进程ID:  {}", process::id());
    Ok(())
}

fn main() -> ipc_common::Result<()> {
    let lock = Lock::new()?;
    let mut tasks = Vec::new();
    for i in 0..10 {
        tasks.push(Process::new(|| func(&lock, i)).start()?);
    }

    for task in tasks {
        task.join()?;
    }

    println!("进程结束");
    Ok(())
}
