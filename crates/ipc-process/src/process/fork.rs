//! Forking: what is made ready before, and what both sides do with it.

use std::fs::File;
use std::io::{self, StdoutLock};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{self, ExitCode};
use std::sync::{Arc, MutexGuard};

use ipc_error::{Error, Result};
use ipc_sync::internal::{guards_of_this_thread, watch_forks};
use ipc_trace::internal::{begin_session, span_start};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{self, ForkResult, Pid};

use crate::os::pidfd::PidFd;
use crate::process::child::Child;
use crate::process::child_setup::set_up_child;
use crate::process::current::Current;
use crate::process::end::end_children_at_exit;
use crate::process::identity::Identity;
use crate::process::output::{flush, set_panic_hook};
use crate::process::run_child::run_child_and_exit;
use crate::process::signals::{BlockedSignals, sigchld_is_ignored};
use ipc_queue::internal::above_stdio;

/// Starts `run` in a child.
///
/// # Safety
///
/// As for [`start_beside_threads`](crate::Process::start_beside_threads).
pub(crate) unsafe fn fork(
    identity: Identity,
    run: &mut dyn FnMut() -> ExitCode,
    without: &[&dyn AsFd],
) -> Result<Child> {
    let name = identity.name.clone();
    refuse_what_a_fork_breaks(&name)?;
    set_panic_hook();
    begin_session(); // before the exit handler that it is to run after
    let _starting = span_start(&name);
    let ready = Ready::new(&name)?;
    // SAFETY: with one thread the child is a whole copy of this process; otherwise the caller has
    // promised to use nothing that another thread may have locked, and nor do we.
    match unsafe { unistd::fork() } {
        Ok(ForkResult::Child) => {
            let parent = ready.parent;
            run_child_and_exit(&name, parent, || ready.become_child(identity, without), run)
        }
        Ok(ForkResult::Parent { child }) => ready.keep_child(identity, child),
        Err(e) => {
            let advice = "if a limit is reached, join some processes or raise it (ulimit -u, the \
                          cgroup's pids.max)";
            Err(failed(&name, "fork", advice, e.into()))
        }
    }
}

fn refuse_what_a_fork_breaks(name: &str) -> Result<()> {
    let guards = guards_of_this_thread();
    if guards > 0 {
        return Err(Error::GuardHeld { name: name.into(), guards });
    }
    refuse_ignored_children(name)
}

/// The exit code of a child would be lost.
pub(crate) fn refuse_ignored_children(name: &str) -> Result<()> {
    match sigchld_is_ignored() {
        true => Err(Error::ChildrenIgnored { name: name.into() }),
        false => Ok(()),
    }
}

/// What is held across the fork. Locks that the child will need are among it: so it gets them from
/// this thread, which it has, and not from another, which it has not.
struct Ready {
    /// No handler of the parent's runs in a child that is not set up.
    signals: BlockedSignals,
    null: OwnedFd,
    /// Of this process: the child's way to its parent. In the parent it keeps a place for the child's.
    pidfd: Arc<PidFd>,
    current: MutexGuard<'static, Current>,
    stdout: StdoutLock<'static>,
    parent: u32,
}

impl Ready {
    /// What the child or its handle needs is tried before there is a child.
    fn new(name: &str) -> Result<Self> {
        let failed = |what, advice| move |e| failed(name, what, advice, e);
        let mut stdout = io::stdout().lock();
        flush(&mut stdout).map_err(failed("flush standard output", "look where it goes to"))?;
        end_children_at_exit().map_err(failed("set an exit handler", ""))?;
        let current = Current::lock();
        watch_forks();
        let pidfd = PidFd::open(process::id())
            .map_err(failed("open a pidfd", "close some files (ulimit -n); it needs Linux 5.4"))?;
        let null =
            open_null().map_err(failed("open /dev/null", "it must be there, and ulimit -n"))?;
        let signals = BlockedSignals::new().map_err(failed("block signals", ""))?;
        let pidfd = Arc::new(pidfd);
        Ok(Ready { signals, null, pidfd, current, stdout, parent: process::id() })
    }

    /// In the child: makes what was copied its own. Signals wait until that is done.
    fn become_child(self, identity: Identity, without: &[&dyn AsFd]) -> Result<()> {
        let Ready { signals: _signals, null, pidfd, mut current, stdout, parent } = self;
        current.become_child(parent, pidfd, identity);
        let ends_with_parent = current.ends_with_parent;
        drop((current, stdout));
        set_up_child(parent, ends_with_parent, &null, without)
    }

    /// In the parent: a handle to the child.
    fn keep_child(self, identity: Identity, child: Pid) -> Result<Child> {
        let Ready { signals: _signals, pidfd, mut current, .. } = self;
        drop(pidfd);
        let pid = child.as_raw().cast_unsigned();
        let pidfd = PidFd::open(pid).map_err(|e| {
            // Neither can fail for a child of this process that has not been reaped.
            let _ = kill(child, Signal::SIGKILL);
            let _ = waitpid(child, None);
            let what = "open a pidfd for the child (which was killed)";
            failed(&identity.name, what, "close some files", e)
        })?;
        let child = Child::new(identity, pid, pidfd);
        current.add_child(&child.0);
        Ok(child)
    }
}

/// What takes the place of standard input.
pub(crate) fn open_null() -> io::Result<OwnedFd> {
    above_stdio(File::open("/dev/null")?.into())
}

fn failed(name: &str, what: &str, advice: &'static str, source: io::Error) -> Error {
    Error::system(format!("start {name}: {what}"), advice, source)
}
