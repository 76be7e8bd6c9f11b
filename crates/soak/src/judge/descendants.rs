//! The processes below this one, also those whose parents have died: they become children of this one.

use std::fs;
use std::io;
use std::process;

use nix::sys::prctl;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// A process, as the kernel describes it.
#[derive(Clone, Debug)]
pub(crate) struct Descendant {
    pub(crate) pid: u32,
    parent: u32,
    /// A letter: `Z` for one that has ended and was not waited for.
    state: String,
}

/// From now on orphans among the descendants come to this process, and not to the system's first one.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(prctl::set_child_subreaper(true)?)
}

/// The children of this process that it has not started itself: orphans. Waits for those that have
/// ended, and returns the others.
pub(crate) fn living_orphans(started: &[u32]) -> io::Result<Vec<Descendant>> {
    let orphans = children()?.into_iter().filter(|child| !started.contains(&child.pid));
    let (ended, living): (Vec<_>, Vec<_>) = orphans.partition(|child| child.state == "Z");
    for child in ended {
        waitpid(Pid::from_raw(child.pid.cast_signed()), Some(WaitPidFlag::WNOHANG))?;
    }
    Ok(living)
}

fn children() -> io::Result<Vec<Descendant>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        // A process that ends meanwhile has no file any more.
        let Ok(stat) = fs::read_to_string(entry?.path().join("stat")) else { continue };
        children.extend(parse(&stat).filter(|process| process.parent == process::id()));
    }
    Ok(children)
}

/// A line of the form `pid (name) state parent …`, where the name may hold anything.
fn parse(stat: &str) -> Option<Descendant> {
    let (pid, rest) = stat.split_once(" (")?;
    let mut fields = rest.rsplit_once(") ")?.1.split(' ');
    let (state, parent) = (fields.next()?.to_owned(), fields.next()?.parse().ok()?);
    Some(Descendant { pid: pid.parse().ok()?, parent, state })
}

/// What a process is at, for a person that looks for the reason why it does not go on.
pub(crate) fn describe(pid: u32) -> String {
    let read = |name| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let stat = parse(&read("stat"));
    let state = stat.map_or("gone".into(), |process| process.state);
    let (syscall, place) = (read("syscall"), read("wchan"));
    format!("state {state}, system call {}, in {place}", syscall.trim())
}
