//! A supervisor: a worker that ends is replaced, and Ctrl-C or SIGTERM ends all of them in order.
//!
//! The two signals are blocked and turn a descriptor readable instead, so that `wait` takes them beside the
//! workers and nothing has to be done inside a signal handler. A fork inherits what is blocked, so a worker
//! unblocks it first, or nothing but SIGKILL would end it.
//!
//! In Python: `signal.set_wakeup_fd`, and `connection.wait([wakeup, *(w.sentinel for w in workers)])`.
//!
//! Run: `cargo run -p recipes --example supervisor`, and press Ctrl-C

use std::error::Error;
use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Child, Process, Result, wait};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What a worker does until it is told to stop.
fn work(signals: SigSet) -> nix::Result<()> {
    signals.thread_unblock()?;
    loop {
        sleep(Duration::from_secs(1));
    }
}

fn start(name: &str, signals: SigSet) -> Result<Child> {
    let worker = Process::new(|| work(signals)).name(name).daemon(true).start()?; // it ends with its parent
    println!("{name} is process {}", worker.pid());
    Ok(worker)
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    signals.thread_block()?;
    let signal = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC)?;

    let mut workers = vec![start("worker-1", signals)?, start("worker-2", signals)?];
    loop {
        let mut sources: Vec<&dyn AsFd> = vec![&signal];
        sources.extend(workers.iter().map(|worker| worker as &dyn AsFd));
        let first = wait(&sources, None)?[0];
        if first == 0 {
            break;
        }
        let worker = &mut workers[first - 1];
        println!("{} ended with {}", worker.name(), worker.join()?);
        *worker = start(worker.name(), signals)?;
    }

    println!("stopping");
    for worker in &workers {
        worker.terminate()?;
    }
    for worker in &workers {
        println!("{} ended with {}", worker.name(), worker.join()?);
    }
    Ok(())
}
