//! A parent sends its child a text through a queue.
//!
//! From «IPC机制», 父进程与子进程借助队列通信, document 2.
//!
//! A child has a copy of its parent's memory and sees nothing that changes there after the fork;
//! what the two are to share is made before it. The queue's items lie in shared memory, as bytes:
//! each process that takes one makes a text of its own from it.
//!
//! In Python: `Queue()`, `q.put('111')`, `Process(target=sub1, args=(q,))`, `q.get()`.
//!
//! Run: `cargo run -p ipc`. The order never varies.
//! Next: `ipc-siblings`.

use ipc_common::{Process, Queue, Result};

fn sub1(q: &Queue<String>) -> Result<()> {
    println!("{}", q.get()?);
    Ok(())
}

fn main() -> Result<()> {
    let q = Queue::new()?;
    // `into` makes a `String`, which the queue carries, of the `&str`; `&` lends it to `put`, which
    // copies it into the queue. There it waits until a process takes it.
    q.put(&"111".into())?;
    Process::new(|| sub1(&q)).start()?;
    Ok(())
} // then the program waits for its child
