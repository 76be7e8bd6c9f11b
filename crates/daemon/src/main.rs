//! A daemon is a child that serves its parent; this parent waits for it.
//!
//! From «守护进程», document 2.
//!
//! A daemon does not outlive its parent: whichever way that ends, the kernel kills the daemon.
//! Here the parent joins it, so that it lives to say so. Being a daemon must be said before the
//! start. Where Python finds a late `p.daemon = True` when it gets there, it does not compile here.
//!
//! In Python: `p.daemon = True`, `p.start()`, `p.join()`.
//!
//! Run: `cargo run -p daemon`. The order never varies.
//! Next: `daemon-wait-children`.

use std::thread::sleep;
use std::time::Duration;

use ipc_common::Process;

fn func(name: &str) {
    println!("{name} 存活");
    sleep(Duration::from_secs(2));
    println!("{name} 死亡");
}

fn main() -> ipc_common::Result<()> {
    let p = Process::new(|| func("Lin")).daemon(true);
    let p = p.start()?;
    p.join()?; // without it the daemon would end with `main`, most likely before its first line
    println!("main");
    Ok(())
}
