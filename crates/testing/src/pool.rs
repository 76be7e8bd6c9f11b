//! Pools, tasks for them, and numbers that tests and tasks share.

use std::fs;
use std::process;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{Array, Pool, ValueGuard, active_children};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::processes::until;

/// In shared memory, so that tasks see them.
pub fn marks() -> ValueGuard<'static, [u32]> {
    static MARKS: OnceLock<Array<u32>> = OnceLock::new();
    MARKS.get_or_init(|| Array::new(&[0; 2100]).unwrap()).lock().unwrap()
}

/// The mark that lets held tasks go on.
pub const OPEN: usize = 0;

/// The first of the marks that are a test's own.
pub const OWN: usize = 1;

/// The number at this place, as soon as there is one.
#[track_caller]
pub fn mark_at(place: usize) -> u32 {
    until("the mark", || marks()[place] != 0);
    marks()[place]
}

/// For tasks: does not take processors away from others.
pub fn sleep_until_marked(place: usize) {
    while marks()[place] == 0 {
        sleep(Duration::from_micros(100));
    }
}

/// A pool, and marks that are zero.
pub fn pool(workers: usize) -> Pool {
    marks().fill(0);
    Pool::new(workers).unwrap()
}

/// The process that starts the workers of this one's pool.
pub fn supervisor() -> u32 {
    active_children().iter().find(|child| child.name() == "PoolSupervisor").unwrap().pid()
}

/// What /proc says of a process: its state and its parent.
pub fn state_and_parent(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    Some((rest.chars().next()?, rest.split(' ').nth(1)?.parse().ok()?))
}

/// Whether it is, by SIGSTOP or by the process that traces it.
pub fn is_stopped(pid: u32) -> bool {
    matches!(state_and_parent(pid), Some(('T', _)))
}

/// Whether it has, reaped or not.
pub fn has_ended(pid: u32) -> bool {
    state_and_parent(pid).is_none_or(|(state, _)| state == 'Z')
}

/// Sends a signal to a process that is there.
pub fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).unwrap();
}

/// A task.
pub fn square(n: u64) -> u64 {
    n * n
}

/// A task that says at its place which process does it, and waits until it is let go.
pub fn held(place: usize) -> u32 {
    marks()[place] = process::id();
    sleep_until_marked(OPEN);
    process::id()
}
