//! Data that an owner has lent to its other threads: the next owner gets it when the last of them is
//! gone, not when the owner is.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::process;
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::thread;
use std::time::Duration;

use ipc_common::{Array, Child, Value};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::ptrace::{self, Options};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, execv, gettid};
use testing::memory::Shared;
use testing::processes::{DEADLINE, is_in_poll, join, kill_and_join, start, takes, until};
use testing::signpost::Signpost;
use testing::tests;

tests![
    the_next_waits_for_all_threads_of_a_killed_owner,
    the_next_waits_for_all_threads_of_an_owner_that_exits,
    a_killed_successor_changes_nothing,
    a_successor_that_cannot_look_gets_an_error,
    a_read_does_not_go_on_under_the_next,
    an_owner_that_became_another_program_is_gone,
    a_thread_that_becomes_another_program_ends_the_owner,
];

const SHORT: Duration = Duration::from_millis(60);

/// A process that owns a row and is dying: the owner has ended, but not yet the thread to which it
/// has lent the row.
struct Dying {
    child: Child,
    borrower: Pid,
}

impl Dying {
    /// `end` ends the process, from outside or by setting the signpost, at which a thread of the
    /// process exits.
    fn new(row: &Array<u8>, end: impl FnOnce(&Child, &Signpost)) -> Self {
        let (borrower, exit, lent) = (Shared::<AtomicI32>::new(), Signpost::new(), Signpost::new());
        let child = start(|| {
            let mut guard = row.lock().unwrap();
            let data: &mut [u8] = &mut guard;
            let (never, my_borrower) = (Signpost::new(), &*borrower);
            thread::scope(|scope| {
                scope.spawn(|| {
                    my_borrower.store(gettid().as_raw(), Release);
                    data[0] += 1;
                    lent.set();
                    never.wait();
                });
                scope.spawn(|| {
                    exit.wait();
                    process::exit(3)
                });
            });
        });
        lent.wait();
        let borrower = Pid::from_raw(borrower.load(Acquire));
        ptrace::seize(borrower, Options::PTRACE_O_TRACEEXIT).unwrap();
        end(&child, &exit);
        // It stops when it is about to end, and all others end.
        let stopped = waitpid(borrower, Some(WaitPidFlag::__WALL)).unwrap();
        assert!(matches!(stopped, WaitStatus::PtraceEvent(_, Signal::SIGTRAP, _)), "{stopped:?}");
        until("the owner's end", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", child.pid())).unwrap();
            stat.rsplit(") ").next().unwrap().starts_with('Z')
        });
        Dying { child, borrower }
    }

    /// Lets the last thread end, too. Returns the exit code.
    fn end(self) -> i32 {
        ptrace::cont(self.borrower, None).unwrap();
        waitpid(self.borrower, Some(WaitPidFlag::__WALL)).unwrap();
        join(&self.child)
    }
}

/// The next owner, which is told that the last one died. It waits for a process to end.
fn successor(row: &Array<u8>) -> Child {
    let next = start(|| {
        let guard = row.lock_timeout(DEADLINE).unwrap().expect("the row is free");
        assert!(guard.owner_died());
    });
    until("wait", || is_in_poll(next.pid()));
    next
}

fn waits_for_all_threads(end: impl FnOnce(&Child, &Signpost), exit_code: i32) {
    let row = Array::new(&[0_u8; 5000]).unwrap();
    let dying = Dying::new(&row, end);
    for timeout in [Duration::ZERO, SHORT, SHORT] {
        assert!(takes(timeout, || row.lock_timeout(timeout)).unwrap().is_none());
    }
    let next = successor(&row);
    assert!(row.lock_timeout(SHORT).unwrap().is_none());
    assert_eq!(dying.end(), exit_code);
    assert_eq!(join(&next), 0);
    let guard = row.lock_timeout(DEADLINE).unwrap().unwrap();
    assert!(!guard.owner_died() && guard[0] == 1, "it is said once");
}

fn the_next_waits_for_all_threads_of_a_killed_owner() {
    waits_for_all_threads(|child, _| child.kill().unwrap(), -9);
}

fn the_next_waits_for_all_threads_of_an_owner_that_exits() {
    waits_for_all_threads(|_, exit| exit.set(), 3);
}

fn a_killed_successor_changes_nothing() {
    let row = Array::new(&[0_u8; 1]).unwrap();
    let dying = Dying::new(&row, |child, _| child.kill().unwrap());
    kill_and_join(&successor(&row));
    assert!(row.lock_timeout(SHORT).unwrap().is_none());
    let next = successor(&row);
    dying.end();
    assert_eq!(join(&next), 0);
}

/// It has a descriptor for the owner's process, and none to read what has become of it.
fn a_successor_that_cannot_look_gets_an_error() {
    let row = Array::new(&[0_u8; 1]).unwrap();
    let dying = Dying::new(&row, |child, _| child.kill().unwrap());
    let next = start(|| {
        drop(Array::new(&[0_u8; 1]).unwrap().lock().unwrap()); // has looked at itself
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let free = File::open("/dev/null").unwrap().as_raw_fd() as u64;
        setrlimit(Resource::RLIMIT_NOFILE, free + 1, hard).unwrap();
        let error = row.lock_timeout(DEADLINE).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot wait for the end of the last owner's process: "),
            "{error}"
        );
    });
    assert_eq!(join(&next), 0);
    assert!(row.lock_timeout(SHORT).unwrap().is_none());
    dying.end();
    assert!(row.lock_timeout(DEADLINE).unwrap().unwrap().owner_died());
}

/// The kernel completes a read into memory though the process is killed meanwhile.
fn a_read_does_not_go_on_under_the_next() {
    const SIZE: usize = 64 << 20;
    let row = Array::new(&vec![0_u8; SIZE]).unwrap();
    let file = File::from(memfd_create(c"large", MFdFlags::MFD_CLOEXEC).unwrap());
    for round in 1..=8 {
        file.write_all_at(&vec![round; SIZE], 0).unwrap();
        let reads = Signpost::new();
        let child = start(|| {
            let mut guard = row.lock().unwrap();
            let data: &mut [u8] = &mut guard;
            thread::scope(|scope| {
                scope.spawn(|| {
                    reads.set();
                    file.read_exact_at(data, 0).unwrap();
                });
                loop {
                    thread::park();
                }
            });
        });
        reads.wait();
        child.kill().unwrap();
        let mut guard = row.lock_timeout(DEADLINE).unwrap().unwrap();
        let before = guard.to_vec();
        assert!(guard.owner_died() && *guard == before, "the data changes under its owner");
        guard.fill(0);
        assert!(guard.iter().all(|&byte| byte == 0), "the data changes under its owner");
        drop(guard);
        assert_eq!(join(&child), -9);
    }
}

fn an_owner_that_became_another_program_is_gone() {
    let value = Value::new(1_u64).unwrap();
    let child = start(|| {
        let mut guard = value.lock().unwrap();
        *guard = 2;
        execv(c"/bin/sleep", &[c"sleep", c"1000"]).unwrap();
    });
    until("exec", || {
        fs::read_to_string(format!("/proc/{}/comm", child.pid())).unwrap() == "sleep\n"
    });
    let guard = value.lock_timeout(DEADLINE).unwrap().expect("the owner is gone");
    assert!(*guard == 2 && guard.owner_died() && child.is_alive().unwrap());
    drop(guard);
    assert!(!value.lock().unwrap().owner_died());
    kill_and_join(&child);
}

/// The kernel ends the owner first, and lets the thread that calls it have the main one's id afterwards.
fn a_thread_that_becomes_another_program_ends_the_owner() {
    let value = Value::new(1_u64).unwrap();
    let become_another = || execv(c"/bin/sleep", &[c"sleep", c"1000"]).unwrap();
    for round in 0..40 {
        let held = Signpost::new();
        let child = start(|| {
            let ready = Signpost::new();
            thread::scope(|scope| {
                if round % 2 == 0 {
                    let _guard = value.lock().unwrap();
                    scope.spawn(|| {
                        held.set();
                        become_another()
                    });
                    thread::sleep(DEADLINE);
                } else {
                    scope.spawn(|| {
                        let _guard = value.lock().unwrap();
                        ready.set();
                        thread::sleep(DEADLINE);
                    });
                    ready.wait();
                    held.set();
                    become_another();
                }
            });
        });
        held.wait();
        let guard = value.lock_timeout(DEADLINE).unwrap().expect("the owner is gone");
        assert!(guard.owner_died() && child.is_alive().unwrap(), "round {round}");
        drop(guard);
        kill_and_join(&child);
    }
}
