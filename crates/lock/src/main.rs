//! A lock lets one process at a time do its work.
//!
//! From «二、进程同步», document 1.
//!
//! The lock is made before the processes are, in memory that a fork does not copy but shares.
//! Whoever finds it taken sleeps in the kernel until it is free. The guard gives it back when it
//! is dropped; if its holder is killed, even by `kill -9`, the kernel does so.
//!
//! In Python: `multiprocessing.Lock()`, `with l:`.
//!
//! Run: `cargo run -p lock`. The ten lines come in any order, `进程结束` at the end.
//! Next: `ticket-lock`.

use std::process;

use ipc_common::{Child, Lock, Process, Result};

fn func(lock: &Lock, num: u32) -> Result<()> {
    let _guard = lock.lock()?;
    println!("当前获取到的数据结果为:  {num} 当前进程ID:  {}", process::id());
    Ok(())
}

fn main() -> Result<()> {
    let lock = Lock::new()?;
    let tasks: Vec<Child> =
        (0..10).map(|i| Process::new(|| func(&lock, i)).start()).collect::<Result<_>>()?;

    for task in tasks {
        task.join()?;
    }

    println!("进程结束");
    Ok(())
}
