//! A queue hands out first what was put in first, and tells whether it is full or empty.
//!
//! From «队列», document 2.
//!
//! It lives in memory that a fork does not copy but shares, so it serves one process as well as
//! many. `put` sleeps in the kernel while it is full, `get` while it is empty. `try_get` returns at
//! once and `get_timeout` in time, with an error that says that nothing was there. In Python an item
//! takes a moment to arrive, and `empty()` may be wrong; here it is there when `put` returns.
//!
//! In Python: `Queue(5)`, `full()`, `empty()`, `put()`, `get()`, `get_nowait()`, `queue.Empty`.
//!
//! Run: `cargo run -p queue`. The order never varies.
//! Next: `ipc`.

use ipc_common::{Error, Queue, Result};

fn main() -> Result<()> {
    let q = Queue::bounded(5)?; // full with five items

    println!("是否为满：{}", q.is_full());
    println!("是否为空：{}", q.is_empty());

    for i in 0..5 {
        q.put(&i)?; // would block if the queue were full
        println!("{}", q.get()?); // would block if it were empty
    }

    println!("是否为满：{}", q.is_full());
    println!("是否为空：{}", q.is_empty());

    match q.try_get() {
        Ok(i) => println!("{i}"),
        Err(Error::Empty) => println!("\n_queue.Empty"),
        Err(e) => return Err(e),
    }
    Ok(())
}
