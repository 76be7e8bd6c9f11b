//! Four processes share five tasks: whichever is free takes the next one.
//!
//! From «三、进程池», document 4.
//!
//! To start a process for every task takes time, and too many at once get in each other's way. A pool
//! starts its workers once; each takes a task, does it, and takes the next. While there is none it
//! sleeps in the kernel. The workers are forks of this process, so they have its functions: what is
//! sent to them is the arguments, and what comes back is the result.
//!
//! In Python: `Pool(4)`, `apply_async(f, args=(i,))`, `close()`, `join()`.
//!
//! Run: `cargo run -p pool`, up to 6 seconds. Lines about one task keep their order, and so do those
//! of one process. Next: `pool-threads`.

use std::process;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ipc_common::{Pool, Result};

fn long_time_task(name: u32) {
    println!("Run task {name} ({})...", process::id());
    let start = Instant::now();
    sleep(Duration::from_secs_f64(rand::random::<f64>() * 3.0));
    println!("Task {name} runs {:.2} seconds.", start.elapsed().as_secs_f64());
}

fn main() -> Result<()> {
    println!("Parent process {}.", process::id());
    let p = Pool::new(4)?;
    for i in 0..5 {
        p.apply_async(long_time_task, i)?; // its result could be asked for
    }
    println!("Waiting for all subprocesses done...");
    p.close();
    p.join()?;
    println!("All subprocesses done.");
    Ok(())
}
