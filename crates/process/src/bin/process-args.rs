//! Two processes run one function with different arguments.
//!
//! From «（3）含有参数的任务», document 3.
//!
//! Python takes a function and its arguments apart and the child puts them together again. A
//! closure is both at once; it lies in the memory that the kernel copies, so nothing is encoded.
//!
//! In Python: `Process(target=task, args=(1,))`, `Process(target=task, kwargs={"count": 3})`.
//!
//! Run: `cargo run --bin process-args`. The lines of the two mix; each one's own keep their order.
//! Next: `process-stdin`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::Process;

fn task(count: u32) {
    println!("计划执行任务{count}次");
    for i in 1..=count {
        println!("第{i}次执行任务中..");
        sleep(Duration::from_millis(200));
    }
    println!("任务执行完成");
}

fn main() -> ipc_common::Result<()> {
    let p1 = Process::new(|| task(1));
    let p2 = Process::new(|| task(3));
    p1.start()?;
    p2.start()?;
    Ok(())
} // then the program waits for both
