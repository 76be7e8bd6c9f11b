//! [`Forked`]: a child by the system's `fork` alone.

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

use crate::outcome::Outcome;

/// A child that `fork` has made.
pub(crate) struct Forked(Pid);

impl Forked {
    /// Forks a child that does `work`, and tells by its exit code whether that went well.
    pub(crate) fn new(work: impl FnOnce() -> bool) -> Outcome<Forked> {
        // SAFETY: a repetition has a process of its own, in which nothing that forks starts a
        // thread: the child is a whole copy, with no lock held by a thread that it lacks.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Forked(child)),
            ForkResult::Child => {
                let code = i32::from(!work());
                // SAFETY: `_exit` runs no handlers and no destructors, which are the parent's.
                unsafe { libc::_exit(code) }
            }
        }
    }

    /// Waits for its end: did it go well?
    pub(crate) fn wait(self) -> Outcome<bool> {
        Ok(waitpid(self.0, None)? == WaitStatus::Exited(self.0, 0))
    }
}
