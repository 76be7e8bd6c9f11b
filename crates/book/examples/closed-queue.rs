//! One producer, two consumers, and a queue that is closed at the end.

use ipc_common::{Process, Queue, Result, Value};

fn consume(queue: &Queue<u64>, sum: &Value<u64>) -> Result<()> {
    for number in queue {
        sum.fetch_add(number?)?;
    }
    Ok(()) // the queue is closed, and nothing is left in it
}

fn main() -> Result<()> {
    let queue = Queue::bounded(10)?; // `put` waits while ten are in it
    let sum = Value::new(0)?;
    let first = Process::new(|| consume(&queue, &sum)).start()?;
    let second = Process::new(|| consume(&queue, &sum)).start()?;

    for number in 1..=100 {
        queue.put(&number)?;
    }
    queue.close();

    first.join()?;
    second.join()?;
    println!("{}", *sum.lock()?);
    Ok(())
}
