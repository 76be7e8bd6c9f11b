//! Signals around a fork.

use std::io;
use std::mem;
use std::ptr;

use nix::sys::signal::{SigSet, SigmaskHow};

/// Whether the kernel throws the exit codes of this process's children away.
pub(crate) fn sigchld_is_ignored() -> bool {
    // SAFETY: sigaction is plain data, for which zero bytes are valid.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: without a new action it changes nothing; the kernel fills `action`.
    let asked = unsafe { libc::sigaction(libc::SIGCHLD, ptr::null(), &raw mut action) };
    asked == 0
        && (action.sa_sigaction == libc::SIG_IGN || action.sa_flags & libc::SA_NOCLDWAIT != 0)
}

/// All signals wait while this lives.
pub(crate) struct BlockedSignals(SigSet);

impl BlockedSignals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(BlockedSignals(SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?))
    }

    /// They wait no longer.
    pub(crate) fn release(&self) {
        self.0.thread_set_mask().expect("a mask that was in force is valid");
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        self.release();
    }
}
