//! Daemons: a parent that goes, however it goes, takes them along.

use std::io::{self, PipeReader};
use std::os::fd::AsRawFd;
use std::process;
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Process, parent_process};
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::signal::{SigHandler, Signal, raise, signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use testing::processes::{DEADLINE, join, start, stat, until};
use testing::signpost::{Signpost, read_to_end};
use testing::tests;

tests![
    a_daemon_that_is_dropped_runs_until_its_parent_ends,
    a_daemon_may_clean_up_when_its_parent_ends,
    a_daemon_that_ignores_sigterm_ends_all_the_same,
    a_daemon_that_ignores_sigterm_has_about_a_second,
    a_daemon_ends_with_a_parent_that_exits,
    a_daemon_ends_with_a_parent_that_is_killed,
    all_below_a_daemon_ends_with_it,
    a_child_that_is_no_daemon_outlives_a_parent_that_is_killed,
    a_parent_killed_at_any_system_call_of_start_leaves_no_daemon,
];

/// Runs `parent` in a process of its own. The pipe is at its end when that process and all that
/// it has started are gone.
fn with_a_pipe_to_all_below(parent: impl FnOnce()) -> (ipc_common::Child, PipeReader) {
    let (reader, writer) = io::pipe().unwrap();
    let child = Process::new(move || {
        let _open_in_all_below = writer;
        parent();
    });
    (child.start().unwrap(), reader)
}

fn sleep_long() {
    thread::sleep(DEADLINE * 3);
}

fn a_daemon_that_is_dropped_runs_until_its_parent_ends() {
    let (parent, pipe) = with_a_pipe_to_all_below(|| {
        let (is_dropped, runs) = (Signpost::new(), Signpost::new());
        let run = || {
            is_dropped.wait();
            runs.set();
            sleep_long();
        };
        drop(Process::new(run).daemon(true).start().unwrap());
        is_dropped.set();
        runs.wait();
    });
    read_to_end(pipe);
    assert_eq!(join(&parent), 0);
}

fn a_daemon_may_clean_up_when_its_parent_ends() {
    extern "C" fn clean_up(_: i32) {
        // SAFETY: ends the process at once; the pipe tells that this was called.
        unsafe {
            libc::write(TOLD.load(Relaxed), c"clean".as_ptr().cast(), 5);
            libc::_exit(0);
        }
    }
    static TOLD: AtomicI32 = AtomicI32::new(-1);
    let (reader, writer) = io::pipe().unwrap();
    TOLD.store(writer.as_raw_fd(), Relaxed);
    let parent = start(|| {
        let ready = Signpost::new();
        let _daemon = start(|| {
            // SAFETY: the handler does what a handler may.
            unsafe { signal(Signal::SIGTERM, SigHandler::Handler(clean_up)) }.unwrap();
            ready.set();
            sleep_long();
        });
        ready.wait();
    });
    drop(writer);
    assert_eq!(read_to_end(reader), "clean");
    assert_eq!(join(&parent), 0);
}

fn a_daemon_that_ignores_sigterm_ends_all_the_same() {
    let (parent, pipe) = with_a_pipe_to_all_below(|| {
        let ignores = Signpost::new();
        let _daemon = start(|| {
            // SAFETY: no handler function is involved.
            unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.unwrap();
            ignores.set();
            sleep_long();
        });
        ignores.wait();
        let stopped = start(|| raise(Signal::SIGSTOP).unwrap());
        until("its stop", || stat(stopped.pid()).starts_with('T'));
    });
    read_to_end(pipe);
    assert_eq!(join(&parent), 0);
}

/// The fastest of three: a slow machine may take longer each time, but not another second.
fn a_daemon_that_ignores_sigterm_has_about_a_second() {
    let time_to_end = || {
        let (ignores, ends) = (Signpost::new(), Signpost::new());
        let parent = start(|| {
            let ignore = || {
                // SAFETY: no handler function is involved.
                unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.unwrap();
                ignores.set();
                sleep_long();
            };
            let _daemon = Process::new(ignore).daemon(true).start().unwrap();
            ignores.wait();
            ends.set();
        });
        ends.wait();
        let begin = Instant::now();
        assert_eq!(join(&parent), 0);
        begin.elapsed()
    };
    let took = (0..3).map(|_| time_to_end()).min().unwrap();
    assert!(took < Duration::from_millis(2500), "took {took:?}");
}

fn a_daemon_ends_with_a_parent_that_exits() {
    let (parent, pipe) = with_a_pipe_to_all_below(|| {
        let _daemon = Process::new(sleep_long).daemon(true).start().unwrap();
        process::exit(0) // no destructor runs
    });
    read_to_end(pipe);
    assert_eq!(join(&parent), 0);
}

fn a_daemon_ends_with_a_parent_that_is_killed() {
    let started = Signpost::new();
    let (parent, pipe) = with_a_pipe_to_all_below(|| {
        let run = || {
            started.set();
            sleep_long();
        };
        let _daemon = Process::new(run).daemon(true).start().unwrap();
        sleep_long();
    });
    started.wait();
    parent.kill().unwrap();
    read_to_end(pipe);
    assert_eq!(join(&parent), -9);
}

fn all_below_a_daemon_ends_with_it() {
    let started = Signpost::new();
    let (daemon, pipe) = with_a_pipe_to_all_below(|| {
        let _daemon = Process::new(|| {
            let child = Process::new(|| {
                let grandchild = Process::new(|| {
                    started.set();
                    sleep_long();
                });
                grandchild.start().unwrap().join().unwrap();
            });
            child.start().unwrap().join().unwrap();
        });
        let _daemon = _daemon.daemon(true).start().unwrap();
        sleep_long();
    });
    started.wait();
    daemon.kill().unwrap();
    read_to_end(pipe);
    assert_eq!(join(&daemon), -9);
}

fn a_child_that_is_no_daemon_outlives_a_parent_that_is_killed() {
    let (started, go) = (Signpost::new(), Signpost::new());
    let (reader, writer) = io::pipe().unwrap();
    let parent = Process::new(|| {
        let orphan = Process::new(|| {
            started.set();
            go.wait();
            let parent = parent_process().unwrap();
            assert!(!parent.is_alive());
            drop(writer); // a failed assertion would have kept it from here
            started.set();
        });
        orphan.start().unwrap().join().unwrap();
    });
    let parent = parent.start().unwrap();
    started.wait();
    parent.kill().unwrap();
    assert_eq!(join(&parent), -9);
    go.set();
    started.wait();
    read_to_end(reader);
}

/// The parent is stopped at every entry into and exit from the kernel while it starts a daemon,
/// and killed there; the daemon, if it has come to be, must go too.
fn a_parent_killed_at_any_system_call_of_start_leaves_no_daemon() {
    let mut stops = 0;
    for round in 0.. {
        let (parent, pipe) = with_a_pipe_to_all_below(|| {
            ptrace::traceme().unwrap();
            raise(Signal::SIGSTOP).unwrap();
            let daemon = Process::new(sleep_long).daemon(true).start().unwrap();
            raise(Signal::SIGSTOP).unwrap();
            std::mem::forget(daemon);
            process::exit(0)
        });
        let pid = Pid::from_raw(parent.pid() as i32);
        assert_eq!(waitpid(pid, None), Ok(WaitStatus::Stopped(pid, Signal::SIGSTOP)));
        ptrace::setoptions(pid, ptrace::Options::PTRACE_O_TRACESYSGOOD).unwrap();
        let mut ended = false;
        for _ in 0..round {
            ptrace::syscall(pid, None).unwrap();
            match waitpid(pid, None).unwrap() {
                WaitStatus::PtraceSyscall(_) => stops += 1,
                WaitStatus::Stopped(_, Signal::SIGSTOP) => {
                    ended = true;
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        parent.kill().unwrap();
        read_to_end(pipe);
        assert_eq!(join(&parent), -9);
        if ended {
            break;
        }
    }
    assert!(stops > 100, "the start was followed: {stops} stops");
    assert_eq!(waitpid(None, None), Err(Errno::ECHILD));
}
