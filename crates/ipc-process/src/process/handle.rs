//! [`Handle`]: what all handles to one process share.

use std::io;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ipc_error::{Error, Result};
use ipc_sync::internal::{Deadline, fork_generation};
use ipc_trace::internal::{Act, instant, span};
use rustix::process::Signal;

use crate::os::pidfd::PidFd;

/// What all handles to one process share.
#[derive(Debug)]
pub(crate) struct Handle {
    pub name: Arc<str>,
    pub pid: u32,
    pub daemon: bool,
    /// The process that started it: only that one is told how it ended.
    parent: u32,
    parents_generation: u32,
    pub pidfd: PidFd,
    exit_code: Mutex<Option<i32>>,
}

impl Handle {
    pub(crate) fn new(name: Arc<str>, pid: u32, daemon: bool, pidfd: PidFd) -> Self {
        let (parent, parents_generation) = (process::id(), fork_generation());
        let exit_code = Mutex::new(None);
        Handle { name, pid, daemon, parent, parents_generation, pidfd, exit_code }
    }

    pub(crate) fn has_ended(&self, deadline: Deadline) -> Result<bool> {
        let ended = self.pidfd.wait(deadline);
        ended.map_err(|e| self.error("wait for", e))
    }

    /// The first call that finds the process ended takes the code from the kernel; it is kept for
    /// all others. `None` if the deadline came first.
    pub(crate) fn join(&self, deadline: Deadline) -> Result<Option<i32>> {
        let known = *self.lock_exit_code();
        if known.is_some() {
            return Ok(known);
        }
        let _waiting = (deadline != Deadline::NOW).then(|| span(Act::Join, self.pid.into()));
        if !self.has_ended(deadline)? {
            return Ok(None);
        }
        loop {
            let mut exit_code = self.lock_exit_code();
            if exit_code.is_none() {
                *exit_code = self.pidfd.reap().map_err(|e| match e.raw_os_error() {
                    Some(libc::ECHILD) => {
                        let (name, pid, parent) = (self.name.to_string(), self.pid, self.parent);
                        Error::NotAChild { name, pid, parent }
                    }
                    _ => self.error("reap", e),
                })?;
            }
            if let Some(code) = *exit_code {
                instant(Act::Ended, self.pid.into(), code.into());
            }
            if exit_code.is_some() || deadline.is_past() {
                return Ok(*exit_code);
            }
            // A debugger that has attached to it is told first, and nothing tells when it was.
            drop(exit_code);
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn lock_exit_code(&self) -> MutexGuard<'_, Option<i32>> {
        self.exit_code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn send(&self, signal: Signal) -> Result<()> {
        instant(Act::Signal, self.pid.into(), signal.as_raw().into());
        let sent = self.pidfd.send_signal(signal);
        sent.map_err(|e| self.error(&format!("send signal {} to", signal.as_raw()), e))
    }

    fn error(&self, tried: &str, source: io::Error) -> Error {
        Error::system(format!("{tried} {}", self.who()), "", source)
    }

    /// Its name and id, for people.
    pub(crate) fn who(&self) -> String {
        format!("{} ({})", self.name, self.pid)
    }

    /// Whether this process started it, and may wait for it. In others a handle is but a copy.
    pub(crate) fn is_ours(&self) -> bool {
        fork_generation() == self.parents_generation
    }

    /// Whether it is a child of this process that was not seen to have ended. Reaps it if it has.
    pub(crate) fn is_running_child(&self) -> bool {
        self.is_ours() && matches!(self.join(Deadline::NOW), Ok(None))
    }
}
