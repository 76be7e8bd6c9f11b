//! A child whose parent dies lives on, and the kernel gives it a new parent.
//!
//! From «僵尸进程与孤儿进程», document 2.
//!
//! The main process starts a parent, the parent starts a child, and then the parent is killed. The
//! new parent is process 1, or an ancestor that has asked to be given orphans (a subreaper, such as
//! systemd's for a session); it joins them, so that they leave no zombie. The main process cannot
//! join what it has not started: it waits for the end of a pipe that the child holds.
//!
//! In Python: `Process`, `os.kill(pid, signal.SIGKILL)`, `os.getppid()`, `os.pipe()`.
//!
//! Run: `cargo run --bin orphan`. The order never varies.
//! Next: `daemon`.

use std::error::Error;
use std::io::{self, PipeWriter, Read, Write, pipe};
use std::thread::sleep;
use std::time::Duration;
use std::{fs, process};

use ipc_common::{Process, parent_process};

/// State and parent of this process, as the kernel tells them.
fn state_and_parent() -> io::Result<String> {
    // They are the first two words after the program's name, which is in parentheses.
    let stat = fs::read_to_string("/proc/self/stat")?;
    let mut after_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let (state, parent) = (after_name.next(), after_name.next());
    Ok(format!("状态 {}，父进程 {}", state.unwrap_or("?"), parent.unwrap_or("?")))
}

fn child(mut to_main: &PipeWriter) -> io::Result<()> {
    println!("子进程 {} 存活：{}", process::id(), state_and_parent()?);
    to_main.write_all(&[0])?;
    while parent_process().is_some_and(|parent| parent.is_alive()) {
        sleep(Duration::from_millis(10));
    }
    println!("孤儿进程 {} 存活：{}", process::id(), state_and_parent()?);
    Ok(())
}

fn parent(to_main: &PipeWriter) -> ipc_common::Result<()> {
    let child = Process::new(|| child(to_main)).start()?;
    child.join()?; // never returns: this process is killed while it waits
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut from_child, to_main) = pipe()?;
    let parent = Process::new(|| parent(&to_main)).start()?;
    drop(to_main); // now only the parent and the child hold this end

    from_child.read_exact(&mut [0])?;
    println!("杀死父进程 {}", parent.pid());
    parent.kill()?;
    parent.join()?;

    from_child.read_to_end(&mut Vec::new())?; // ends when the last holder of the other end has
    println!("孤儿进程结束，由新的父进程回收");
    Ok(())
}
