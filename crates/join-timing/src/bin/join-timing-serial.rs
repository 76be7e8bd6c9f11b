//! Joining each process before the next is started makes them run one after another.
//!
//! From «join方法», second block, document 2.
//!
//! Three processes, and never two at the same time: 1 + 2 + 3 seconds are 6. A loop that starts
//! and joins in one step is a common mistake; nothing goes wrong but the time. (The original
//! sets its clock anew in each round and so shows only the last, 3 seconds.)
//!
//! In Python: `p.start()` and `p.join()` in one loop.
//!
//! Run: `cargo run --bin join-timing-serial`. The order never varies.
//! Next: `join-timing-list`.

use std::thread::sleep;
use std::time::{Duration, Instant};

use ipc_common::Process;

fn func(name: &str, n: u64) {
    println!("{name}");
    sleep(Duration::from_secs(n));
    println!("{n}");
}

fn main() -> ipc_common::Result<()> {
    let start_time = Instant::now();
    for i in 1..4 {
        let p = Process::new(|| func("hkw", i)).start()?;
        p.join()?;
    }
    println!("main {}", start_time.elapsed().as_secs_f64());
    Ok(())
}
