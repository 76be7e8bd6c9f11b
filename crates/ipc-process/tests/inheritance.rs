//! What a child gets of its parent, and a program that is executed of its process; and what not.

use std::io;
use std::process::Command;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicPtr, AtomicU32};

use ipc_common::{JoinableQueue, Lock, Process, Queue, one_way_pipe, pipe};
use nix::sys::ptrace;
use nix::sys::signal::{SigHandler, Signal, kill, raise, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, dup2_stdin, dup2_stdout};
use testing::memory::Shared;
use testing::processes::{join, start};
use testing::signpost::{Signpost, read_to_end};
use testing::tests;

tests![
    what_c_has_printed_is_written_once,
    a_handler_of_the_parents_finds_the_child_set_up,
    a_program_that_is_executed_gets_no_descriptor,
];

fn what_c_has_printed_is_written_once() {
    let (reader, writer) = io::pipe().unwrap();
    let child = start(|| {
        dup2_stdout(&writer).unwrap();
        drop(writer);
        // SAFETY: a text without conversions; it stays in the buffer of a stream that is no terminal.
        unsafe { libc::printf(c"parent,".as_ptr()) };
        // SAFETY: as above.
        let child = start(|| assert_eq!(unsafe { libc::printf(c"child,".as_ptr()) }, 6));
        assert_eq!(join(&child), 0);
    });
    assert_eq!(join(&child), 0);
    assert_eq!(read_to_end(reader), "parent,child,");
}

/// A signal comes to a child as soon as it exists. Its handler is the parent's, and may rely on what
/// a child may rely on: here, that standard input is the null device.
fn a_handler_of_the_parents_finds_the_child_set_up() {
    const NULL: u32 = 1;
    const OTHER: u32 = 2;
    static FOUND: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());
    extern "C" fn look(_: i32) {
        // SAFETY: stat is plain data, which the kernel fills.
        let device = unsafe {
            let mut stat: libc::stat = std::mem::zeroed();
            libc::fstat(0, &raw mut stat);
            stat.st_rdev
        };
        let found = if device == libc::makedev(1, 3) { NULL } else { OTHER };
        // SAFETY: it was set before the handler, and stays.
        unsafe { (*FOUND.load(Relaxed)).store(found, Relaxed) };
    }
    let found = Shared::<AtomicU32>::new();
    FOUND.store(found.as_ptr(), Relaxed);
    let end = Signpost::new();
    let parent = start(|| {
        let (reader, _writer) = io::pipe().unwrap();
        dup2_stdin(&reader).unwrap();
        // SAFETY: the handler does what a handler may.
        unsafe { signal(Signal::SIGUSR1, SigHandler::Handler(look)) }.unwrap();
        ptrace::traceme().unwrap();
        raise(Signal::SIGSTOP).unwrap();
        let child = Process::new(|| end.wait()).start().unwrap();
        assert_eq!(join(&child), 0);
    });
    let pid = Pid::from_raw(parent.pid() as i32);
    assert_eq!(waitpid(pid, None), Ok(WaitStatus::Stopped(pid, Signal::SIGSTOP)));
    ptrace::setoptions(pid, ptrace::Options::PTRACE_O_TRACEFORK).unwrap();
    ptrace::cont(pid, None).unwrap();
    let event = waitpid(pid, None).unwrap();
    assert!(matches!(event, WaitStatus::PtraceEvent(_, Signal::SIGTRAP, _)), "{event:?}");
    let child = Pid::from_raw(ptrace::getevent(pid).unwrap() as i32);
    let born = waitpid(child, Some(WaitPidFlag::__WALL)).unwrap();
    assert_eq!(born, WaitStatus::Stopped(child, Signal::SIGSTOP));
    kill(child, Signal::SIGUSR1).unwrap();
    ptrace::detach(child, None).unwrap();
    ptrace::detach(pid, None).unwrap();
    end.set();
    assert_eq!(join(&parent), 0);
    assert_eq!(found.load(Relaxed), NULL);
}

/// Nor does the end of a pipe survive in it, or a process's handle.
fn a_program_that_is_executed_gets_no_descriptor() {
    let descriptors = || {
        let listed = Command::new("ls").arg("/proc/self/fd").output().unwrap();
        assert!(listed.status.success());
        String::from_utf8(listed.stdout).unwrap()
    };
    let before = descriptors();
    let end = Signpost::new();
    let child = start(|| end.wait());
    let (left, right) = pipe::<u8, u8>().unwrap();
    let (receiver, sender) = one_way_pipe::<u8>().unwrap();
    let queues = (Queue::<u8>::new().unwrap(), JoinableQueue::<u8>::new().unwrap());
    let lock = Lock::new().unwrap();
    assert_eq!(descriptors(), before);
    // In a child, too, where some of them have been replaced.
    let other = Process::new(|| assert_eq!(descriptors(), before));
    assert_eq!(join(&other.start_without(&[&left, &receiver]).unwrap()), 0);
    end.set();
    assert_eq!(join(&child), 0);
    drop((right, sender, queues, lock));
}
