//! The same five tasks on four threads of one process, to be held beside `pool`.
//!
//! From the last link of document 3, «线程池与进程池».
//!
//! The threads of a process share its memory and its id, so a task is not sent anywhere: what it
//! needs is at hand, and what it returns stays there. The kernel keeps processes apart; threads are
//! kept apart by the compiler, which wants a lock around whatever two of them change. A panic ends
//! one thread only. But no thread can be killed from outside, and a signal such as SIGSEGV ends all.
//!
//! In Python: `ThreadPoolExecutor(4)`; of its threads only one at a time runs Python code.
//!
//! Run: `cargo run --bin pool-threads`. Lines about one task keep their order, and so do those of
//! one thread. Next: `subprocess`.

use std::error::Error;
use std::process;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crossbeam::channel;

fn long_time_task(name: u32) {
    let worker = thread::current();
    println!("Run task {name} ({} {})...", process::id(), worker.name().unwrap_or_default());
    let start = Instant::now();
    sleep(Duration::from_secs_f64(rand::random::<f64>() * 3.0));
    println!("Task {name} runs {:.2} seconds.", start.elapsed().as_secs_f64());
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("Process {}.", process::id());
    let (to_workers, tasks) = channel::unbounded();
    thread::scope(|pool| -> Result<(), Box<dyn Error>> {
        for worker in 1..=4 {
            let thread = thread::Builder::new().name(format!("Thread-{worker}"));
            thread.spawn_scoped(pool, || tasks.iter().for_each(long_time_task))?;
        }
        for i in 0..5 {
            to_workers.send(i)?;
        }
        println!("Waiting for all threads done...");
        drop(to_workers); // no more tasks: a thread that finds none left ends
        Ok(())
    })?; // joins all of them
    println!("All threads done.");
    Ok(())
}
