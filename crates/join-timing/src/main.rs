//! Three processes of two seconds each, started together, take two seconds.
//!
//! From «join方法», first block, document 2.
//!
//! `join` waits for one child, but the other two run on meanwhile: when the first `join` returns,
//! the others have ended or are about to. A sleeping process needs no processor, so that this
//! holds on a machine with a single one, too.
//!
//! In Python: `p.start()`, `p1.start()`, `p2.start()`, then `p.join()`, `p1.join()`, `p2.join()`.
//!
//! Run: `cargo run -p join-timing`. The three mix; `main` comes last, with about 2 seconds.
//! Next: `join-timing-serial`.

use std::thread::sleep;
use std::time::{Duration, Instant};

use ipc_common::Process;

fn func(name: &str) {
    println!("{name}");
    sleep(Duration::from_secs(1));
    println!("1");
    sleep(Duration::from_secs(1));
    println!("2");
}

fn main() -> ipc_common::Result<()> {
    let p = Process::new(|| func("hkw"));
    let p1 = Process::new(|| func("jon"));
    let p2 = Process::new(|| func("liu"));
    let start_time = Instant::now();
    let p = p.start()?;
    let p1 = p1.start()?;
    let p2 = p2.start()?;
    p.join()?;
    p1.join()?;
    p2.join()?;
    println!("main {}", start_time.elapsed().as_secs_f64());
    Ok(())
}
