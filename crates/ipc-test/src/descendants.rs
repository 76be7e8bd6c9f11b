//! Ends a process together with those that it has started, and those that these have.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Kills the process and its descendants. It is a child of this one that has not been reaped.
///
/// A process that is stopped reaps no child, so that the ids of its children stay theirs meanwhile. Errors
/// say that it has ended, which is what is wanted.
pub(crate) fn kill_with_descendants(pid: Pid) {
    let _ = kill_process(pid, Signal::STOP);
    for child in children(pid) {
        kill_with_descendants(child);
    }
    let _ = kill_process(pid, Signal::KILL);
}

fn children(pid: Pid) -> Vec<Pid> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let lists = lists.collect::<String>();
    lists.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}
