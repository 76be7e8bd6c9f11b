//! Two cooks put dishes into a queue, two guests eat them, and each guest is told when to stop.
//!
//! From «生产者消费者模型», demo1, document 2.
//!
//! The queue stands between them: a cook need not know which guest eats, and neither waits for the
//! other's pace. An item goes to exactly one guest, the first to take it. Only when both cooks have ended
//! does the main process put the marks that mean the end, behind the last dish, one for each guest:
//! a guest that has taken one takes nothing more. The mark is `None`, a dish is `Some`.
//!
//! In Python: `Queue()`, `p1.join()`, `q.put(None)`, `if not eat: break`.
//!
//! Run: `cargo run -p producer-consumer`. Each cook keeps its order, a dish is eaten after it was
//! cooked, and either guest may have it. Next: `producer-consumer-joinable`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Process, Queue, Result};

fn producers(name: &str, food: &str, q: &Queue<Option<String>>) -> Result<()> {
    for i in 0..5 {
        sleep(Duration::from_secs_f64(rand::random()));
        let data = format!("{name}生产{food}{i}");
        println!("{data}");
        q.put(&Some(data))?;
    }
    Ok(())
}

fn consumers(name: &str, q: &Queue<Option<String>>) -> Result<()> {
    while let Some(eat) = q.get()? {
        println!("{name}吃了{eat}");
    }
    Ok(())
}

fn main() -> Result<()> {
    let q = Queue::new()?;
    let p1 = Process::new(|| producers("Jon", "包子", &q)).start()?;
    let p2 = Process::new(|| producers("Lin", "鸡排", &q)).start()?;
    Process::new(|| consumers("c1", &q)).start()?;
    Process::new(|| consumers("c2", &q)).start()?;

    p1.join()?;
    p2.join()?;
    // As many marks as there are guests.
    q.put(&None)?;
    q.put(&None)?;
    Ok(())
} // then the program waits for both consumers
