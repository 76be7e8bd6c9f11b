//! Ten processes run the same function, each with its own number.
//!
//! From «一、多进程基础», 方式一, document 1.
//!
//! All are started before the first is joined, so they run at the same time; on two processors
//! two of them even at the same instant. Which one prints first is the scheduler's decision, a new
//! one in every run. `join` makes the last line the last: it returns when that child has ended.
//!
//! In Python: `Process(target=func, args=(i,))`, `start()`, `join()`, `os.getpid()`.
//!
//! Run: `cargo run --bin process-ten`. The ten lines come in any order, `进程结束` at the end.
//! Next: `process-join`.

use std::process;

use ipc_common::Process;

fn func(num: u32) {
    println!("当前获取数字： {num} 当前获取进程ID:  {}", process::id());
}

fn main() -> ipc_common::Result<()> {
    let mut tasks = Vec::new();
    for i in 0..10 {
        tasks.push(Process::new(|| func(i)).start()?);
    }

    for task in tasks {
        task.join()?;
    }

    println!("进程结束");
    Ok(())
}
