//! The end of a process: its daemons are ended, and its other children waited for.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipc_sync::internal::Deadline;
use nix::errno::Errno;
use rustix::process::Signal;

use crate::process::current::Current;
use crate::process::handle::Handle;

/// How long a daemon has to react to SIGTERM before SIGKILL.
const GRACE: Duration = Duration::from_secs(1);

/// How long a person looks at a terminal where nothing happens before it says why.
const SILENCE: Duration = Duration::from_secs(1);

/// From now on [`end_children`] is called at the end of this process and of those forked from it:
/// after `main` has returned and its error was printed, after a panic, by `std::process::exit`.
pub(crate) fn end_children_at_exit() -> io::Result<()> {
    static IS_REGISTERED: Mutex<bool> = Mutex::new(false);
    extern "C" fn at_exit() {
        end_children();
    }

    let mut is_registered = IS_REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_registered {
        // SAFETY: `at_exit` takes nothing, needs no thread-local that has a destructor (those of the
        // exiting thread are gone by then), and does not unwind: it would abort.
        Errno::result(unsafe { libc::atexit(at_exit) })?;
        *is_registered = true;
    }
    Ok(())
}

/// Ends the daemons, then waits for all other children, as Python does at the end of a process.
pub(crate) fn end_children() {
    let mut left = Vec::new();
    loop {
        // Another thread may start more of them meanwhile.
        let mut children = Current::lock().children();
        children.retain(|child| !left.iter().any(|other| Arc::ptr_eq(other, child)));
        if children.is_empty() {
            return;
        }
        let (daemons, others): (Vec<_>, Vec<_>) =
            children.into_iter().partition(|child| child.daemon);
        end_daemons(&daemons);
        wait_for(&others);
        left.extend(daemons);
    }
}

/// A daemon that cannot be signalled, having changed its user, is left to the kernel, which ends it
/// when this process has ended. Nor is there more to do about one that other code has reaped.
fn end_daemons(daemons: &[Arc<Handle>]) {
    daemons.iter().for_each(|daemon| drop(daemon.send(Signal::TERM)));
    let deadline = Deadline::after(GRACE);
    for daemon in daemons {
        if let Ok(None) = daemon.join(deadline)
            && daemon.send(Signal::KILL).is_ok()
        {
            let _ = daemon.join(Deadline::NEVER);
        }
    }
}

fn wait_for(children: &[Arc<Handle>]) {
    let deadline = Deadline::after(SILENCE);
    let still_run = |child: &&Arc<Handle>| matches!(child.join(deadline), Ok(None));
    let slow: Vec<String> = children.iter().filter(still_run).map(|child| child.who()).collect();
    if !slow.is_empty() && io::stderr().is_terminal() {
        // It is for people, who may have gone.
        let _ = writeln!(io::stderr(), "Waiting for {} to end.", slow.join(", "));
    }
    children.iter().for_each(|child| drop(child.join(Deadline::NEVER)));
}
