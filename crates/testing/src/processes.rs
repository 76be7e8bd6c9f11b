//! Processes that tests start, wait for, look at from outside, stop and kill.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Process};
use ipc_process::internal::kept_descriptors;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// No single wait in a test is longer: a wait in vain fails the test.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The timeout of a process that is to be woken. It is longer than a test may take, because a wait
/// whose time is up looks once more, and would hide that it was forgotten.
pub const LONG: Duration = Duration::from_secs(1_000);

/// How many this process has, and one more that this takes. Those that it keeps from its first start on
/// do not count.
pub fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count() - kept_descriptors()
}

/// How many another process has.
pub fn open_descriptors_of(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// Starts a process that does not outlive the test.
pub fn start<T: ipc_common::Outcome>(run: impl FnOnce() -> T) -> Child {
    // Boxed, so that a start is compiled once for each type of result, not for each closure.
    let run: Box<dyn FnOnce() -> T> = Box::new(run);
    Process::new(run).daemon(true).start().unwrap()
}

/// Ctrl-C ends this process: a shell has what it starts in the background ignore it.
pub fn heed_ctrl_c() {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: no code of this process is run for it.
    unsafe { sigaction(Signal::SIGINT, &default) }.unwrap();
}

/// Keeps the calling thread on one processor; another one for the next number, if there are several.
///
/// A thread that is woken on the processor of the one that wakes it often runs at once. On another it
/// comes too late for a lock that is taken again.
pub fn stay_on_processor(n: usize) {
    let allowed = sched_getaffinity(None).unwrap();
    let mut processors = (0..CpuSet::MAX_CPU).filter(|&processor| allowed.is_set(processor));
    let mut one = CpuSet::new();
    one.set(processors.nth(n % allowed.count() as usize).unwrap());
    sched_setaffinity(None, &one).unwrap();
}

/// Half of the numbers are no larger: of a few waits one may be long because a machine stood still.
pub fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

/// Waits with the tests' deadline.
#[track_caller]
pub fn join(child: &Child) -> i32 {
    child.join_timeout(DEADLINE).unwrap().expect("the process ends")
}

/// Looks again and again until it is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    until_so(what, &mut is_so);
}

#[track_caller]
fn until_so(what: &str, is_so: &mut dyn FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "{what} never came");
        thread::yield_now();
    }
}

/// Whether a process is asleep in a futex wait.
pub fn is_in_futex(pid: u32) -> bool {
    is_in(pid, libc::SYS_futex)
}

/// Whether a process waits for descriptors.
pub fn is_in_poll(pid: u32) -> bool {
    is_in(pid, libc::SYS_ppoll)
}

/// Whether a process is asleep in a system call.
pub fn is_in(pid: u32, call: i64) -> bool {
    let syscall = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    syscall.split(' ').next() == Some(&call.to_string())
}

/// Starts a process that is to wait for something, and looks on until it sleeps.
#[track_caller]
pub fn sleeper<T: ipc_common::Outcome>(run: impl FnOnce() -> T) -> Child {
    let child = start(run);
    until("sleep", || is_in_futex(child.pid()));
    child
}

/// Kills a process that is there, and reaps it.
#[track_caller]
pub fn kill_and_join(child: &Child) {
    child.kill().unwrap();
    assert_eq!(join(child), -9);
}

/// As Ctrl-Z or a debugger does. It has to be sent SIGCONT before the test ends.
#[track_caller]
pub fn stop(child: &Child) {
    let pid = child.pid();
    kill(Pid::from_raw(pid as i32), Signal::SIGSTOP).unwrap();
    let stat = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    until("stop", || stat().rsplit(") ").next().unwrap().starts_with('T'));
}

/// Ends what [`stop`] began.
pub fn go_on(child: &Child) {
    kill(Pid::from_raw(child.pid() as i32), Signal::SIGCONT).unwrap();
}

/// What a wait returns that ends when its time is up.
#[track_caller]
pub fn takes<T>(timeout: Duration, wait: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = wait();
    let took = begin.elapsed();
    assert!(took >= timeout && took < timeout + DEADLINE, "{took:?} instead of {timeout:?}");
    result
}

/// Interrupts the system calls of this process again and again, until the result is dropped: by
/// SIGUSR1, with a handler that does nothing.
pub fn storm_of_signals() -> Child {
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

/// What /proc says of a process after its name: state, parent, …; nothing of one that is gone.
pub fn stat(pid: u32) -> String {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().unwrap_or_default().to_string()
}
