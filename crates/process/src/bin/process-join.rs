//! A parent starts a child, waits until it has ended, and only then goes on.
//!
//! From «二、multiprocessing», document 4.
//!
//! `join` sleeps in the kernel until the child has ended, then takes its exit code, which frees
//! the last that was left of it, its id. `start` and `join` around the child's work make an order
//! that holds in every run.
//!
//! In Python: `Process(target=run_proc, args=('test',))`, `start()`, `join()`, `os.getpid()`.
//!
//! Run: `cargo run --bin process-join`. The order never varies.
//! Next: `process-named`.

use std::process;

use ipc_common::Process;

/// What the child does.
fn run_proc(name: &str) {
    println!("Run child process {name} ({})...", process::id());
}

fn main() -> ipc_common::Result<()> {
    println!("Parent process {}.", process::id());
    let p = Process::new(|| run_proc("test"));
    println!("Child process will start.");
    let p = p.start()?; // a `Process` becomes a `Child`: only what has been started can be joined
    p.join()?;
    println!("Child process end.");
    Ok(())
}
