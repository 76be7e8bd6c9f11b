//! A child sends its sibling a text through a queue.
//!
//! From «IPC机制», 子进程与子进程借助队列通信, document 2.
//!
//! Both children come from the fork of a parent that has the queue, so both have it: which of them
//! starts or gets there first does not matter. The one that takes sleeps in the kernel until the
//! other has put; the parent has no part in it.
//!
//! In Python: `Queue()`, `Process(target=sub1, args=(q,))`, `Process(target=sub2, args=(q,))`.
//!
//! Run: `cargo run --bin ipc-siblings`. The order never varies.
//! Next: `ipc-timestamps`.

use ipc_common::{Process, Queue, Result};

fn sub1(q: &Queue<String>) -> Result<()> {
    q.put(&"111".into())
}

fn sub2(q: &Queue<String>) -> Result<()> {
    println!("{}", q.get()?);
    Ok(())
}

fn main() -> Result<()> {
    let q = Queue::new()?;
    Process::new(|| sub1(&q)).start()?;
    Process::new(|| sub2(&q)).start()?;
    Ok(())
} // then the program waits for both
