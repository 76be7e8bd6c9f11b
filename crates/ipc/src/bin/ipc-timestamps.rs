//! One process sends the time each second, the other gives up when none has come for five.
//!
//! From «三、进程通信», Queue通信, document 1.
//!
//! A queue carries whatever serde can serialise, such as chrono's dates. The wait with a deadline
//! is one call to the kernel's futex: it wakes the reader when an item is there or when the time is
//! over, whichever comes first. That nothing came is an error which can be told from all others.
//!
//! In Python: `Queue(10)`, `datetime.now()`, `q.put(msg)`, `q.get(timeout=5)`, `queue.Empty`.
//!
//! Run: `cargo run --bin ipc-timestamps`, 15 seconds. A time is received after it was sent, but
//! the next one may be sent before. Next: `ipc-write-read`.

use std::process;
use std::thread::sleep;
use std::time::Duration;

use chrono::{Local, NaiveDateTime};
use ipc_common::{Child, Error, Process, Queue, Result};

/// How Python prints a time: with six digits after the second.
const FORMAT: &str = "%Y-%m-%d %H:%M:%S%.6f";

fn func_1(q: &Queue<NaiveDateTime>) -> Result<()> {
    for _ in 0..11 {
        let msg = Local::now().naive_local();
        println!("func_1-{}-发送数据:{}", process::id(), msg.format(FORMAT));
        q.put(&msg)?;
        sleep(Duration::from_secs(1));
    }
    Ok(())
}

fn func_2(q: &Queue<NaiveDateTime>) -> Result<()> {
    loop {
        match q.get_timeout(Duration::from_secs(5)) {
            Ok(ret) => println!("func_2-{}-接受数据:{}", process::id(), ret.format(FORMAT)),
            Err(Error::Empty) => break,
            Err(e) => return Err(e),
        }
    }
    println!("()"); // the arguments of Python's `Empty`: none
    Ok(())
}

fn main() -> Result<()> {
    let q = Queue::bounded(10)?;
    let tasks: [Child; 2] =
        [Process::new(|| func_1(&q)).start()?, Process::new(|| func_2(&q)).start()?];

    for task in tasks {
        task.join()?;
    }

    println!("进程结束");
    Ok(())
}
