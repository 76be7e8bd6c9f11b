//! A function becomes a process that runs beside the one that started it.
//!
//! From «创建进程方法一», document 2.
//!
//! `start` forks: the child runs the closure, the parent goes on with its next line at once. So
//! `main` is on the screen while the child still sleeps. A child needs no arguments sent to it:
//! it has a copy of the parent's memory, and the closure may use anything in there.
//!
//! In Python: `Process(target=func, args=('hkw',))`, `start()`.
//!
//! Run: `cargo run -p process`. Only `main` and `hkw` may change places.
//! Next: `process-ten`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::Process;

fn func(name: &str) {
    println!("{name}");
    sleep(Duration::from_secs(1));
    println!("1");
    sleep(Duration::from_secs(1));
    println!("2");
    sleep(Duration::from_secs(1));
    println!("3");
}

fn main() -> ipc_common::Result<()> {
    // A closure, `|| …`, is a function without a name: here it is what the child will do.
    Process::new(|| func("hkw")).start()?;
    println!("main");
    Ok(())
} // after the end of `main` the program waits for its children, as Python does
