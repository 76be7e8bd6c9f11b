//! One process writes to a queue; another reads from it for ever, until it is terminated.
//!
//! From «五、进程间通信», document 4.
//!
//! The reader ends in the middle of a `get`: SIGTERM ends a process that sleeps in the kernel, too. In
//! Python that may leave the queue locked for all others; here it stays as good as it was. The
//! original waits for the writer alone, so the reader may be terminated before it has printed `C`.
//! This queue counts what has been dealt with, so that the main process can wait for that.
//!
//! In Python: `JoinableQueue()`, `pw.join()`, `q.task_done()`, `q.join()`, `pr.terminate()`.
//!
//! Run: `cargo run --bin ipc-write-read`. What is got was put before; otherwise the two processes'
//! lines may come in any order. Next: `producer-consumer`.

use std::process;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{JoinableQueue, Process, Result};

/// What the writing process does.
fn write(q: &JoinableQueue<String>) -> Result<()> {
    println!("Process to write: {}", process::id());
    for value in ["A", "B", "C"] {
        println!("Put {value} to queue...");
        q.put(&value.into())?;
        sleep(Duration::from_secs_f64(rand::random()));
    }
    Ok(())
}

/// What the reading process does.
fn read(q: &JoinableQueue<String>) -> Result<()> {
    println!("Process to read: {}", process::id());
    loop {
        let value = q.get()?;
        println!("Get {value} from queue.");
        q.task_done()?;
    }
}

fn main() -> Result<()> {
    let q = JoinableQueue::new()?;
    let pw = Process::new(|| write(&q)).start()?;
    let pr = Process::new(|| read(&q)).start()?;

    pw.join()?;
    q.join()?; // everything that was put has been printed
    pr.terminate()?; // it never ends by itself
    Ok(())
}
