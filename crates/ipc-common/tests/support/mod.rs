//! What the tests of processes have in common: a harness on one thread, pipes with deadlines,
//! and looking at other processes from outside.

#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod manager;
pub(crate) mod pool;
pub(crate) mod victim;

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::ptr::NonNull;
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Process, Queue};
use libtest_mimic::{Arguments, Trial};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// No single wait in a test is longer: whoever waits in vain fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// So long waits a process that is to be woken: when its own deadline comes it looks once more, and
/// nobody would know that it had been forgotten.
pub(crate) const LONG: Duration = Duration::from_secs(1_000);

/// A test that hangs ends the whole program by SIGALRM.
const TEST_LIMIT: u32 = 180;

/// Runs the tests one after another on the main thread, each followed by a look whether it left a
/// process or a file descriptor behind.
pub(crate) fn run(tests: &[(&'static str, fn())]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = tests.iter().map(|&(name, test)| {
        Trial::test(name, move || {
            nix::unistd::alarm::set(TEST_LIMIT);
            let before = open_descriptors();
            test();
            assert_no_children();
            assert_eq!(open_descriptors(), before, "file descriptors left open");
            nix::unistd::alarm::cancel();
            Ok(())
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Lists the tests by name.
#[macro_export]
macro_rules! tests {
    ($($test:ident),* $(,)?) => { &[$((stringify!($test), $test as fn())),*] };
}

pub(crate) fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

pub(crate) fn open_descriptors_of(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// Neither running nor zombie.
pub(crate) fn assert_no_children() {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    assert_eq!(waitid(Id::All, flags), Err(Errno::ECHILD), "a child was left behind");
}

/// Starts a process that does not outlive the test.
pub(crate) fn start<T: std::process::Termination>(run: impl FnOnce() -> T) -> Child {
    Process::new(run).daemon(true).start().unwrap()
}

/// Waits with the tests' deadline.
#[track_caller]
pub(crate) fn join(child: &Child) -> i32 {
    child.join_timeout(DEADLINE).unwrap().expect("the process ends")
}

/// A message from one process to another: "I have come so far".
pub(crate) struct Signpost {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Signpost {
    pub(crate) fn new() -> Self {
        let (reader, writer) = io::pipe().unwrap();
        Signpost { reader, writer }
    }

    pub(crate) fn set(&self) {
        (&self.writer).write_all(&[1]).unwrap();
    }

    #[track_caller]
    pub(crate) fn wait(&self) {
        assert!(readable(&self.reader, DEADLINE), "nobody came by");
        (&self.reader).read_exact(&mut [0]).unwrap();
    }

    pub(crate) fn is_set(&self) -> bool {
        readable(&self.reader, Duration::ZERO)
    }
}

pub(crate) fn readable(fd: &impl AsFd, timeout: Duration) -> bool {
    let timeout = PollTimeout::try_from(timeout).unwrap();
    poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], timeout).unwrap() > 0
}

/// Reads until every process has closed the other end.
#[track_caller]
pub(crate) fn read_to_end(mut reader: PipeReader) -> String {
    let mut text = Vec::new();
    loop {
        assert!(readable(&reader, DEADLINE), "somebody still holds the pipe");
        let mut chunk = [0; 4096];
        match reader.read(&mut chunk).unwrap() {
            0 => return String::from_utf8(text).unwrap(),
            n => text.extend(&chunk[..n]),
        }
    }
}

/// Looks again and again until it is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "{what} never came");
        thread::yield_now();
    }
}

/// Whether a process is asleep in a futex wait.
pub(crate) fn is_in_futex(pid: u32) -> bool {
    is_in(pid, libc::SYS_futex)
}

/// Whether a process waits for descriptors.
pub(crate) fn is_in_poll(pid: u32) -> bool {
    is_in(pid, libc::SYS_ppoll)
}

/// Whether a process is asleep in a system call.
pub(crate) fn is_in(pid: u32, call: i64) -> bool {
    let syscall = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    syscall.split(' ').next() == Some(&call.to_string())
}

/// What a process's status says of its memory: `kind` is a line's name.
pub(crate) fn kibibytes(pid: u32, kind: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Starts a process that is to wait for something, and looks on until it sleeps.
#[track_caller]
pub(crate) fn sleeper<T: std::process::Termination>(run: impl FnOnce() -> T) -> Child {
    let child = start(run);
    until("sleep", || is_in_futex(child.pid()));
    child
}

#[track_caller]
pub(crate) fn kill_and_join(child: &Child) {
    child.kill().unwrap();
    assert_eq!(join(child), -9);
}

/// As Ctrl-Z or a debugger does. It has to be sent SIGCONT before the test ends.
#[track_caller]
pub(crate) fn stop(child: &Child) {
    let pid = child.pid();
    kill(Pid::from_raw(pid as i32), Signal::SIGSTOP).unwrap();
    let stat = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    until("stop", || stat().rsplit(") ").next().unwrap().starts_with('T'));
}

pub(crate) fn go_on(child: &Child) {
    kill(Pid::from_raw(child.pid() as i32), Signal::SIGCONT).unwrap();
}

/// What a wait returns that ends when its time is up.
#[track_caller]
pub(crate) fn takes<T>(timeout: Duration, wait: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = wait();
    let took = begin.elapsed();
    assert!(took >= timeout && took < timeout + DEADLINE, "{took:?} instead of {timeout:?}");
    result
}

/// Interrupts the system calls of this process again and again, until the result is dropped: by
/// SIGUSR1, with a handler that does nothing.
pub(crate) fn storm_of_signals() -> Child {
    extern "C" fn nothing(_: i32) {}
    let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.unwrap();
    let target = Pid::this();
    start(move || {
        loop {
            kill(target, Signal::SIGUSR1).unwrap();
            thread::sleep(Duration::from_micros(100));
        }
    })
}

/// A queue whose ring is so small that it can be filled: 1 MiB at most.
pub(crate) fn small_queue<T: Serialize + DeserializeOwned>() -> Queue<T> {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let (soft, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    setrlimit(Resource::RLIMIT_AS, pages * 4096 + (1 << 20), hard).unwrap();
    let queue = Queue::new();
    setrlimit(Resource::RLIMIT_AS, soft, hard).unwrap();
    queue.unwrap()
}

/// Something in shared memory that the tests look at.
pub(crate) struct Shared<T>(NonNull<T>);

impl<T> Shared<T> {
    /// Zeroed.
    pub(crate) fn new() -> Self {
        let size = NonZeroUsize::new(size_of::<T>()).unwrap();
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping disturbs no memory.
        let mapping = unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_SHARED) };
        Shared(mapping.unwrap().cast())
    }

    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: zeroed memory is valid for what the tests put there: numbers and mutexes.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: mapped in `new`; no reference is left.
        unsafe { munmap(self.0.cast(), size_of::<T>()) }.unwrap();
    }
}
