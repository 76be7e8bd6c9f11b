//! The same cooks and guests; here the queue knows when the last dish has been eaten.
//!
//! From «生产者消费者模型», demo2, document 2.
//!
//! A joinable queue counts: each `put` is one more unfinished item, each `task_done` one less, and
//! `join` sleeps until there are none. So no marks are needed: the guests are daemons, which end with
//! the main process, in the middle of their wait for a next dish. If a guest died with a dish in
//! its hands, Python's `join` would wait for ever; here it returns an error that says so.
//!
//! In Python: `JoinableQueue()`, `c1.daemon = True`, `q.task_done()`, `q.join()`.
//!
//! Run: `cargo run --bin producer-consumer-joinable`. Each cook keeps its order, a dish is eaten
//! after it was cooked, and either guest may have it. Next: `pipe`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{JoinableQueue, Process, Result};

fn producers(name: &str, food: &str, q: &JoinableQueue<String>) -> Result<()> {
    for i in 0..5 {
        sleep(Duration::from_secs_f64(rand::random()));
        let data = format!("{name}生产{food}{i}");
        println!("{data}");
        q.put(&data)?;
    }
    Ok(())
}

fn consumers(name: &str, q: &JoinableQueue<String>) -> Result<()> {
    loop {
        let eat = q.get()?;
        println!("{name}吃了{eat}");
        q.task_done()?;
    }
}

fn main() -> Result<()> {
    let q = JoinableQueue::new()?;
    let p1 = Process::new(|| producers("Jon", "包子", &q)).start()?;
    let p2 = Process::new(|| producers("Lin", "鸡排", &q)).start()?;

    Process::new(|| consumers("c1", &q)).daemon(true).start()?;
    Process::new(|| consumers("c2", &q)).daemon(true).start()?;

    p1.join()?;
    p2.join()?; // nothing more will be put
    q.join()?; // and everything has been eaten
    Ok(())
} // ends `_c1` and `_c2`
