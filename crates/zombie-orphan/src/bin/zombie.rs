//! A child that has ended stays a zombie until its parent joins it.
//!
//! From «僵尸进程与孤儿进程», document 2.
//!
//! When a process ends, the kernel frees its memory and files at once, but keeps its id and how
//! it ended, for the parent to ask: state `Z`. `join` asks, and the id is free again. All processes
//! pass through this state; only where nobody ever asks do they pile up.
//!
//! In Python: `Process`, `start()`, `sentinel`, `multiprocessing.connection.wait()`, `join()`.
//!
//! Run: `cargo run --bin zombie`. The order never varies.
//! Next: `orphan`.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write, pipe};
use std::path::Path;

use ipc_common::Process;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The state of a process as the kernel tells it: R runs, S sleeps, Z is a zombie.
fn state(pid: u32) -> io::Result<String> {
    // The state is the first word after the program's name, which is in parentheses.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    Ok(after_name.split_whitespace().take(1).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut may_end, mut let_it_end) = pipe()?;
    // A daemon, so that nobody waits for it if the main process fails before it lets it end.
    let child = Process::new(|| may_end.read_exact(&mut [0])).daemon(true).start()?;
    let pid = child.pid();
    println!("子进程 {pid} 存活：状态 {}", state(pid)?);

    let_it_end.write_all(&[0])?;
    let mut sentinel = [PollFd::new(child.sentinel(), PollFlags::POLLIN)];
    poll(&mut sentinel, PollTimeout::NONE)?; // sees its end, but does not ask how it ended
    println!("子进程 {pid} 死了但是没有死透：状态 {}，仍占用PID号", state(pid)?);

    let exit_code = child.join()?;
    println!("父进程调用join方法：退出码 {exit_code}");
    println!("PID号 {pid} 仍被占用：{}", Path::new(&format!("/proc/{pid}")).exists());
    Ok(())
}
