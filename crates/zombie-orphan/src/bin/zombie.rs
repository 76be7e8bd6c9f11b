//! A child that has ended stays a zombie until its parent joins it.
//!
//! From «僵尸进程与孤儿进程», document 2.
//!
//! When a process ends, the kernel frees its memory and files at once, but keeps its id and how
//! it ended, for the parent to ask: state `Z`. `join` asks, and the id is free again. All processes
//! pass through this state; they pile up only if their parent never asks.
//!
//! In Python: `Process`, `start()`, `Event()`, `multiprocessing.connection.wait()`, `join()`.
//!
//! Run: `cargo run --bin zombie`. The order never varies.
//! Next: `orphan`.

use std::error::Error;
use std::path::Path;

use ipc_common::{Event, Process, wait};
use procfs::ProcResult;

/// The state of a process, from `/proc/<pid>/stat`: R runs, S sleeps, Z is a zombie.
fn state(pid: u32) -> ProcResult<char> {
    Ok(procfs::process::Process::new(pid.cast_signed())?.stat()?.state)
}

fn main() -> Result<(), Box<dyn Error>> {
    let may_end = Event::new()?;
    // A daemon, so that it ends even if the main process fails before it sets the event.
    let child = Process::new(|| may_end.wait()).daemon(true).start()?;
    let pid = child.pid();
    println!("子进程 {pid} 存活：状态 {}", state(pid)?);

    may_end.set();
    wait(&[&child], None)?; // until it has ended; how it ended is left for `join` to ask
    println!("子进程 {pid} 死了但是没有死透：状态 {}，仍占用PID号", state(pid)?);

    let exit_code = child.join()?;
    println!("父进程调用join方法：退出码 {exit_code}");
    println!("PID号 {pid} 仍被占用：{}", Path::new(&format!("/proc/{pid}")).exists());
    Ok(())
}
