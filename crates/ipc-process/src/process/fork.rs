//! Forking: what is made ready before, and what both sides do with it.

use std::io::{self, StdoutLock};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{self, ExitCode};
use std::sync::MutexGuard;

use ipc_error::{Error, Result};
use ipc_sync::internal::{guards_of_this_thread, watch_forks};
use ipc_trace::internal::{begin_session, span_start};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{self, ForkResult, Pid};

use crate::os::pidfd::PidFd;
use crate::process::child::Child;
use crate::process::child_setup::{reseed, set_up_child};
use crate::process::current::Current;
use crate::process::end::end_children_at_exit;
use crate::process::identity::Identity;
use crate::process::output::{flush, set_panic_hook};
use crate::process::run_child::{run_child_and_exit, shown_name};
use crate::process::signals::{BlockedSignals, sigchld_is_ignored};

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
    let shown = shown_name(&name);
    let ready = Ready::new(&name)?;
    // No handler of the parent's runs in a child that is not set up.
    let signals = BlockedSignals::new().map_err(|e| failed(&name, "block signals", "", e))?;
    // SAFETY: with one thread the child is a whole copy of this process; otherwise the caller has
    // promised to use nothing that another thread may have locked, and nor do we.
    match unsafe { unistd::fork() } {
        Ok(ForkResult::Child) => {
            let parent = ready.parent;
            let set_up = || {
                let done = ready.become_child(identity, without);
                signals.release();
                done
            };
            run_child_and_exit(&name, shown.as_deref(), parent, set_up, run)
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
    /// The child's. In the parent it keeps a place for the child's pidfd.
    null: OwnedFd,
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
        let mut current = Current::lock();
        watch_forks();
        current
            .open_own_pidfd()
            .map_err(failed("open a pidfd", "close some files (ulimit -n); it needs Linux 5.4"))?;
        let null =
            current.null().map_err(failed("open /dev/null", "it must be there, and ulimit -n"))?;
        Ok(Ready { null, current, stdout, parent: process::id() })
    }

    /// In the child: makes what was copied its own.
    fn become_child(self, identity: Identity, without: &[&dyn AsFd]) -> Result<()> {
        let Ready { null, mut current, stdout, parent } = self;
        current.become_child(parent, identity);
        let ends_with_parent = current.ends_with_parent;
        drop((current, stdout));
        set_up_child(parent, ends_with_parent, null, without)
    }

    /// In the parent: a handle to the child.
    fn keep_child(self, identity: Identity, child: Pid) -> Result<Child> {
        let Ready { null, mut current, .. } = self;
        drop(null);
        let pid = child.as_raw().cast_unsigned();
        // The child goes on with the generator that it has a copy of. This process, which needs not hurry,
        // takes another.
        let pidfd = PidFd::open(pid).and_then(|pidfd| reseed().map(|()| pidfd)).map_err(|e| {
            // Neither can fail for a child of this process that has not been reaped.
            let _ = kill(child, Signal::SIGKILL);
            let _ = waitpid(child, None);
            let what = "open a pidfd for the child and draw a seed (the child was killed)";
            failed(&identity.name, what, "close some files", e)
        })?;
        let child = Child::new(identity, pid, pidfd);
        current.add_child(&child.0);
        Ok(child)
    }
}

fn failed(name: &str, what: &str, advice: &'static str, source: io::Error) -> Error {
    Error::system(format!("start {name}: {what}"), advice, source)
}
