//! A process that is led to an instruction of an operation, and killed there.

use ipc_common::{Child, Lock, Queue, Value};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::instruction;
use crate::processes::{join, start};

/// A process under the control of this one.
pub struct Victim {
    pub(crate) pid: Pid,
    /// Unless somebody else has started it.
    child: Option<Child>,
    /// What is watched ends also where it sleeps in this system call.
    pub(crate) ends_in: Option<i64>,
}

impl Victim {
    /// Starts a process that stops at the first instruction of `watched`.
    pub fn new(watched: impl FnOnce()) -> Self {
        Self::of(Box::new(watched))
    }

    fn of(watched: Box<dyn FnOnce() + '_>) -> Self {
        let child = start(|| {
            // The first of each looks up or allocates what all others use.
            drop(Lock::new().unwrap().lock().unwrap());
            drop(Value::new(0).unwrap().lock().unwrap());
            drop(Value::new(0_u8).unwrap().lock().unwrap());
            let queue = Queue::new().unwrap();
            queue.put(&"x".repeat(20_000)).unwrap();
            queue.get().unwrap();
            ptrace::traceme().unwrap();
            raise(Signal::SIGSTOP).unwrap();
            watched();
            raise(Signal::SIGSTOP).unwrap();
        });
        let pid = Pid::from_raw(child.pid() as i32);
        let victim = Victim { pid, child: Some(child), ends_in: None };
        victim.expect(Signal::SIGSTOP);
        victim
    }

    /// Takes control of a process below this one that has stopped itself. What is watched ends
    /// where it does so again.
    pub fn seize(pid: u32) -> Self {
        let pid = Pid::from_raw(pid as i32);
        ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACEFORK).unwrap();
        let stopped = waitpid(pid, None).unwrap();
        assert!(matches!(stopped, WaitStatus::PtraceEvent(_, Signal::SIGSTOP, _)), "{stopped:?}");
        Victim { pid, child: None, ends_in: None }
    }

    /// Takes control of the copy that a process below this one makes of itself when it is told to by
    /// `tell`: before the copy's first instruction. Then the process gets this signal, and goes on.
    pub fn seize_copy(of: u32, tell: impl FnOnce(), then: impl Into<Option<Signal>>) -> Self {
        let original = Pid::from_raw(of as i32);
        ptrace::seize(original, ptrace::Options::PTRACE_O_TRACEFORK).unwrap();
        tell();
        let forked = waitpid(original, None).unwrap();
        assert!(matches!(forked, WaitStatus::PtraceEvent(..)), "{forked:?}");
        let pid = instruction::copy(original);
        // Not by `detach`, which the kernel forgets where a process has not stopped for a signal.
        if let Some(signal) = then.into() {
            kill(original, signal).unwrap();
        }
        ptrace::detach(original, None).unwrap();
        Victim { pid, child: None, ends_in: None }
    }

    /// What is watched ends where it sleeps in this system call.
    pub fn ending_in(self, call: i64) -> Self {
        Victim { ends_in: Some(call), ..self }
    }

    /// Its id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Kills it where it is, and reaps it.
    pub fn kill(self) {
        kill(self.pid, Signal::SIGKILL).unwrap();
        match self.child {
            Some(child) => assert_eq!(join(&child), -9),
            None => {
                let killed = WaitStatus::Signaled(self.pid, Signal::SIGKILL, false);
                assert_eq!(waitpid(self.pid, None), Ok(killed));
            }
        }
    }

    /// Ends it and the other one: it is past the end, or has gone astray and is in the middle of things,
    /// where the other would wait for it. `false`: the instruction was not reached.
    pub fn give_up(self, other: &Child) -> bool {
        self.kill();
        let _ = other.kill(); // unless it has ended
        false
    }

    /// Lets it go.
    pub fn release(self) {
        ptrace::detach(self.pid, None).unwrap();
    }

    /// Runs on to where it stops itself.
    pub fn run_to_stop(&self) {
        ptrace::cont(self.pid(), None).unwrap();
        self.expect(Signal::SIGSTOP);
    }

    pub(crate) fn expect(&self, signal: Signal) {
        assert_eq!(waitpid(self.pid(), None), Ok(WaitStatus::Stopped(self.pid(), signal)));
    }
}
