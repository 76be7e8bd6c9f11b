//! A child whose parent dies lives on, and the kernel gives it a new parent.
//!
//! From «僵尸进程与孤儿进程», document 2.
//!
//! The main process starts a parent, the parent starts a child, and then the parent is killed. The
//! new parent is process 1, or an ancestor that has asked to be given orphans (a subreaper, such as
//! systemd's for a session); it joins them, so that they leave no zombie. The main process cannot
//! join what it has not started: it waits for the end of a pipe that the child holds.
//!
//! In Python: `Process`, `os.kill(pid, signal.SIGKILL)`, `os.getppid()`, `os.pipe()`, `Event()`.
//!
//! Run: `cargo run --bin orphan`. The order never varies.
//! Next: `daemon`.

use std::error::Error;
use std::io::{PipeWriter, Read, Write, pipe};
use std::time::Duration;

use ipc_common::{Event, Process};
use procfs::ProcResult;

/// Prints state and parent of this process, as `/proc/self/stat` has them.
fn print_state(what: &str) -> ProcResult<()> {
    let stat = procfs::process::Process::myself()?.stat()?;
    println!("{what} {} 存活：状态 {}，父进程 {}", stat.pid, stat.state, stat.ppid);
    Ok(())
}

fn child(mut to_main: &PipeWriter, orphaned: &Event) -> Result<(), Box<dyn Error>> {
    print_state("子进程")?;
    to_main.write_all(&[0])?;
    // Not for ever: should the main process fail, nothing else would end an orphan.
    orphaned.wait_timeout(Duration::from_secs(60));
    print_state("孤儿进程")?;
    Ok(())
}

fn parent(to_main: &PipeWriter, orphaned: &Event) -> ipc_common::Result<()> {
    let child = Process::new(|| child(to_main, orphaned)).start()?;
    child.join()?; // never returns: this process is killed while it waits
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut from_child, to_main) = pipe()?;
    let orphaned = Event::new()?;
    let parent = Process::new(|| parent(&to_main, &orphaned)).start()?;
    drop(to_main); // now only the parent and the child hold this end

    from_child.read_exact(&mut [0])?;
    println!("杀死父进程 {}", parent.pid());
    parent.kill()?;
    parent.join()?; // its child has a new parent before the kernel says that it has ended
    orphaned.set();

    from_child.read_to_end(&mut Vec::new())?; // ends when the last holder of the other end has
    println!("孤儿进程结束，由新的父进程回收");
    Ok(())
}
