//! Starting all processes first and joining them afterwards makes them run at the same time.
//!
//! From «join方法», third block, document 2.
//!
//! 1, 2 and 3 seconds at the same time are 3, those of the slowest. In which order they are
//! joined does not matter: the kernel keeps the exit code of a child until its parent asks.
//!
//! In Python: `p.start()` in one loop, `p.join()` in another.
//!
//! Run: `cargo run --bin join-timing-list`. The three mix; `main` comes last, with about 3
//! seconds. Next: `isolation`.

use std::thread::sleep;
use std::time::{Duration, Instant};

use ipc_common::Process;

fn func(name: &str, n: u64) {
    println!("{name}");
    sleep(Duration::from_secs(n));
    println!("{n}");
}

fn main() -> ipc_common::Result<()> {
    let mut p_list = Vec::new();
    let start_time = Instant::now();
    for i in 1..4 {
        let p = Process::new(|| func("hkw", i)).start()?;
        p_list.push(p);
    }
    for p in p_list {
        p.join()?;
    }
    println!("main {}", start_time.elapsed().as_secs_f64());
    Ok(())
}
