//! [`Owner`]: the process that has lent the data of a value out, so that the next one does not get it
//! too early.
//!
//! The kernel gives a dead thread's mutex to the next while other threads of the dying process may
//! still run, for as long as a `read(2)` takes that was given a part of the data. So the owner's
//! process is noted beside the data, and the next owner waits until the whole of it has ended.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::robust::fork_generation::{fork_generation, watch_forks};
use ipc_memory::Deadline;

/// In shared memory; used by the holder of the mutex beside it.
#[derive(Debug, Zeroable)]
#[repr(C)]
pub(crate) struct Owner {
    /// A [`Program`]; means nothing while `thread` is 0.
    process: AtomicU64,
    stack: AtomicU64,
    /// The thread that has lent the data out. 0 if no one has.
    thread: AtomicU32,
}

impl Owner {
    /// Notes that this thread, whose id that is, lends the data out.
    #[inline]
    pub(crate) fn set(&self, Program { process, stack }: Program, thread: u32) {
        self.process.store(process.0, Relaxed);
        self.stack.store(stack, Relaxed);
        self.thread.store(thread, Release); // a process killed before has lent nothing out
    }

    /// Notes that nothing is lent out any more.
    #[inline]
    pub(crate) fn clear(&self) {
        self.thread.store(0, Relaxed);
    }

    /// Whether one died that had lent the data out.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.thread.load(Relaxed) != 0
    }

    /// Waits until no thread uses the data any more that a dead owner may have lent it to; `false` if
    /// the deadline passed first.
    pub(crate) fn wait_for_end(&self, deadline: Deadline) -> Result<bool> {
        if !self.is_set() {
            return Ok(true);
        }
        let process = ProcessId(self.process.load(Relaxed));
        let program = Program { process, stack: self.stack.load(Relaxed) };
        if program == Program::own()? {
            return Ok(true);
        }
        program.wait_for_end(self.thread.load(Relaxed), deadline).map_err(failed)
    }
}

fn failed(e: io::Error) -> Error {
    Error::system("wait for the end of the last owner's process", "", e)
}

/// A process, and what it runs: another program after an exec.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Program {
    process: ProcessId,
    /// Where its stack begins, which the kernel draws anew for each program.
    stack: u64,
}

/// A process's id, and when it was started, so that another process with that id is not taken for it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ProcessId(u64);

/// Linux has at most 2²² processes. That leaves 42 bits for the time: in ticks of 10 ms, 1,300 years.
const PID_BITS: u32 = 22;

/// A flag of `/proc/<pid>/stat`: the thread is on its way out.
const PF_EXITING: u64 = 4;

/// No descriptor tells of an exec, so a process that may be about to do that is looked at this often.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The program of the calling process, which it finds out once: in the generation of forks that is noted.
static OWN: OwnProgram = OwnProgram {
    process: AtomicU64::new(0),
    stack: AtomicU64::new(0),
    generation: AtomicU32::new(0),
};

struct OwnProgram {
    process: AtomicU64,
    stack: AtomicU64,
    generation: AtomicU32,
}

impl Program {
    /// That of the calling process.
    #[inline]
    pub(crate) fn own() -> Result<Self> {
        if OWN.generation.load(Acquire) != fork_generation() {
            return Self::find_own();
        }
        let process = ProcessId(OWN.process.load(Relaxed));
        Ok(Program { process, stack: OWN.stack.load(Relaxed) })
    }

    #[cold]
    fn find_own() -> Result<Self> {
        watch_forks();
        let own = Self::read_own().map_err(|e| {
            let tried = "find out when this process was started";
            Error::system(tried, "mount the /proc of its pid namespace", e)
        })?;
        OWN.process.store(own.process.0, Relaxed);
        OWN.stack.store(own.stack, Relaxed);
        OWN.generation.store(fork_generation(), Release);
        Ok(own)
    }

    fn read_own() -> io::Result<Self> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        let pid = std::process::id();
        let is_ours = stat.split(' ').next() == Some(&pid.to_string());
        let fields = field(&stat, START_TIME).zip(field(&stat, START_OF_STACK));
        let (started, stack) = fields.filter(|_| is_ours).ok_or(io::ErrorKind::NotFound)?;
        Ok(Program { process: ProcessId(started << PID_BITS | u64::from(pid)), stack })
    }

    /// Waits until no thread runs the program any more, given that this one has died.
    fn wait_for_end(self, thread: u32, deadline: Deadline) -> io::Result<bool> {
        let pid = Pid::from_raw(self.process.pid() as i32).ok_or(io::ErrorKind::InvalidData)?;
        let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
            Err(rustix::io::Errno::SRCH) => return Ok(true),
            pidfd => pidfd?,
        };
        // The descriptor stands for whichever process has the id now.
        while self.process.is_there()? && !self.was_replaced(thread)? {
            let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
            let look_again = Deadline::after(LOOK_AGAIN).or_before(deadline);
            match ppoll(&mut fds, look_again.remaining(), None) {
                Ok(0) if deadline.is_past() => return Ok(false),
                Ok(0) | Err(Errno::EINTR) => {}
                ready => return Ok(ready? > 0),
            }
        }
        Ok(true)
    }

    /// Whether its process runs another program by now. An exec first ends all threads but its own,
    /// which then has the id of the main one.
    fn was_replaced(self, thread: u32) -> io::Result<bool> {
        let pid = self.process.pid();
        let is_alive = read_stat(&format!("/proc/{pid}/task/{thread}/stat"))?
            .and_then(|stat| field(&stat, FLAGS))
            .is_some_and(|flags| flags & PF_EXITING == 0);
        let stack = read_stat(&format!("/proc/{pid}/stat"))?
            .and_then(|stat| field(&stat, START_OF_STACK))
            .filter(|&stack| stack != 0); // not to be seen, or given back
        Ok(is_alive || stack.is_some_and(|stack| stack != self.stack))
    }
}

impl ProcessId {
    fn pid(self) -> u64 {
        self.0 & ((1 << PID_BITS) - 1)
    }

    /// Whether the process with our id is the one that was noted. It may be hidden, so if none is seen
    /// that says nothing.
    fn is_there(self) -> io::Result<bool> {
        let stat = read_stat(&format!("/proc/{}/stat", self.pid()))?;
        Ok(stat.is_none_or(|stat| field(&stat, START_TIME) == Some(self.0 >> PID_BITS)))
    }
}

/// `None` if there is no such process or thread.
fn read_stat(path: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) if e.raw_os_error() == Some(libc::ESRCH) => Ok(None), // ended while it was read
        stat => stat.map(Some),
    }
}

/// Fields of `/proc/<pid>/stat`, counted behind the name.
const FLAGS: usize = 6;
const START_TIME: usize = 19;
const START_OF_STACK: usize = 25;

/// The name stands in parentheses, and may itself hold blanks and parentheses.
fn field(stat: &str, n: usize) -> Option<u64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(n)?.parse().ok()
}
