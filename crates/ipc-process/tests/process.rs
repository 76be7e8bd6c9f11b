//! Processes: how they begin, what they are given, how they end.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{
    Child, Error, Lock, Outcome, Process, Run, active_children, current_process, parent_process,
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, Uid, dup2_stderr, dup2_stdin, dup2_stdout, fork, setuid};
use testing::harness::assert_no_children;
use testing::processes::{DEADLINE, join, open_descriptors, start, storm_of_signals, until};
use testing::signpost::{Signpost, read_to_end, readable};
use testing::tests;

tests![
    every_ending_has_its_exit_code,
    the_exit_code_is_kept_and_known_to_all_threads,
    what_went_wrong_is_said_on_stderr,
    names_and_parents,
    an_object_with_a_run_method_starts_the_same_way,
    join_timeout_is_not_early_and_not_for_ever,
    a_hundred_at_once,
    processes_start_processes,
    a_thousand_leave_nothing,
    standard_input_is_at_its_end,
    output_is_written_once_and_completely,
    output_that_cannot_be_written_is_an_error,
    no_destructor_of_the_parent_runs_in_the_child,
    signal_handlers_do_not_disturb_join,
    signals_to_a_process_that_has_ended_go_nowhere,
    the_sentinel_can_be_polled,
    close_is_refused_while_it_runs,
    active_children_are_those_that_run,
    a_handle_in_another_process_does_no_harm,
    a_parent_with_threads_is_refused,
    a_thread_that_was_joined_is_no_thread,
    a_parent_with_threads_may_insist,
    a_guard_cannot_cross_a_fork,
    the_limit_of_processes_is_named,
    the_limit_of_descriptors_is_found_before_the_fork,
    a_child_has_one_descriptor_that_its_parent_has_not,
    closed_standard_descriptors_stay_closed_or_become_null,
    exit_handlers_of_the_parent_stay_with_it,
    a_debugger_delays_join_but_does_not_break_it,
    ignored_sigchld_is_refused,
    children_draw_their_own_random_numbers,
    the_authkey_is_the_familys,
    the_signal_mask_is_the_parents,
];

fn every_ending_has_its_exit_code() {
    fn code<T: Outcome>(run: impl FnOnce() -> T) -> i32 {
        join(&Process::new(run).start().unwrap())
    }
    fn failure() -> Result<(), Error> {
        Err(Error::AlreadyLocked)
    }
    let quiet = || dup2_stderr(File::create("/dev/null").unwrap()).unwrap();

    assert_eq!(code(|| ()), 0);
    assert_eq!(code(|| Ok::<(), Error>(())), 0);
    assert_eq!(code(|| process::exit(7)), 7);
    assert_eq!(code(|| ExitCode::from(255)), 255);
    let failed = || {
        quiet();
        failure()
    };
    assert_eq!(code(failed), 1);
    let panicked = || {
        quiet();
        panic!("as it should")
    };
    assert_eq!(code(panicked), 1);
    // A payload whose destructor panics, too.
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let bombed = || {
        quiet();
        std::panic::panic_any(Bomb)
    };
    assert_eq!(code(bombed), 1);
    assert_eq!(code(|| process::abort()), -(Signal::SIGABRT as i32));
    assert_eq!(code(|| raise(Signal::SIGKILL).unwrap()), -9);
    let real_time = || {
        // SAFETY: raise takes any number.
        unsafe { libc::raise(libc::SIGRTMIN() + 3) };
    };
    assert_eq!(code(real_time), -(libc::SIGRTMIN() + 3));

    let child = Process::new(|| thread::sleep(DEADLINE)).start().unwrap();
    child.terminate().unwrap();
    assert_eq!(join(&child), -15);
    let child = Process::new(|| thread::sleep(DEADLINE)).start().unwrap();
    child.kill().unwrap();
    assert_eq!(join(&child), -9);
}

fn the_exit_code_is_kept_and_known_to_all_threads() {
    let go = Signpost::new();
    let child = start(|| {
        go.wait();
        process::exit(5)
    });
    assert_eq!(child.exit_code().unwrap(), None);
    assert!(child.is_alive().unwrap());
    thread::scope(|scope| {
        let waiters: Vec<_> = (0..8).map(|_| scope.spawn(|| child.join().unwrap())).collect();
        go.set();
        assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap() == 5));
    });
    assert!(!child.is_alive().unwrap());
    assert_eq!(child.exit_code().unwrap(), Some(5));
    assert_eq!(child.join().unwrap(), 5);
}

fn what_went_wrong_is_said_on_stderr() {
    fn stderr_of<T: Outcome>(run: impl FnOnce() -> T) -> (u32, String) {
        let (reader, writer) = io::pipe().unwrap();
        let child = Process::new(|| {
            dup2_stderr(&writer).unwrap();
            run()
        });
        let child = child.name("shard-1").start().unwrap();
        drop(writer);
        let text = read_to_end(reader);
        assert_eq!(join(&child), 1);
        (child.pid(), text)
    }
    let (pid, said) = stderr_of(|| Err::<(), _>(Error::AlreadyLocked));
    let error = "cannot lock: this thread already holds the lock";
    assert!(said.starts_with(&format!("Process shard-1 ({pid}): Error: {error}")), "{said}");
    let (pid, said) = stderr_of(|| panic!("the roof is on fire"));
    assert!(said.starts_with(&format!("Process shard-1 ({pid}): panicked:\n")), "{said}");
    assert!(said.contains("the roof is on fire"), "{said}");
}

fn names_and_parents() {
    assert_eq!(current_process().name(), "MainProcess");
    assert!(parent_process().is_none());
    let main = current_process().pid();

    // Every description takes a number, as in Python, also one that is never started.
    let described = Process::new(|| ()).start().unwrap();
    let number: u32 = described.name().strip_prefix("Process-").unwrap().parse().unwrap();
    let _never_started = Process::new(|| ());
    let child = Process::new(|| {
        assert_eq!(current_process().name(), format!("Process-{}", number + 2));
        assert_eq!(current_process().pid(), process::id());
        let parent = parent_process().unwrap();
        assert_eq!((parent.name(), parent.pid()), ("MainProcess", main));
        assert!(parent.is_alive());

        let grandchild = Process::new(|| {
            assert_eq!(current_process().name(), format!("Process-{}:1", number + 2));
            assert_eq!(parent_process().unwrap().name(), format!("Process-{}", number + 2));
        });
        assert_eq!(join(&grandchild.start().unwrap()), 0);
        let named = Process::new(|| assert_eq!(current_process().name(), "dance")).name("dance");
        assert_eq!(join(&named.start().unwrap()), 0);
    });
    let child = child.start().unwrap();
    assert_eq!(child.name(), format!("Process-{}", number + 2));
    assert_eq!(join(&child), 0);
}

fn an_object_with_a_run_method_starts_the_same_way() {
    struct Exit<'a>(&'a u8);
    impl Run<ExitCode> for Exit<'_> {
        fn run(self) -> ExitCode {
            ExitCode::from(*self.0)
        }
    }
    let number = 42;
    assert_eq!(join(&Process::new(Exit(&number)).start().unwrap()), 42);
}

fn join_timeout_is_not_early_and_not_for_ever() {
    let child = start(|| thread::sleep(DEADLINE));
    assert_eq!(child.join_timeout(Duration::ZERO).unwrap(), None);
    let begin = Instant::now();
    let timeout = Duration::from_millis(120);
    assert_eq!(child.join_timeout(timeout).unwrap(), None);
    assert!(begin.elapsed() >= timeout);
    child.kill().unwrap();
    assert_eq!(child.join_timeout(Duration::MAX).unwrap(), Some(-9));
    assert_eq!(child.join_timeout(Duration::ZERO).unwrap(), Some(-9));
}

fn a_hundred_at_once() {
    let go = Signpost::new();
    let children: Vec<Child> = (0..100_u8)
        .map(|n| {
            let go = &go;
            start(move || {
                go.wait();
                ExitCode::from(n)
            })
        })
        .collect();
    children.iter().for_each(|_| go.set());
    for (n, child) in children.iter().enumerate() {
        assert_eq!(join(child), n as i32);
    }

    let children: Vec<Child> = (0..100).map(|_| start(|| thread::sleep(DEADLINE))).collect();
    children.iter().for_each(|child| child.terminate().unwrap());
    assert!(children.iter().all(|child| join(child) == -15));
}

fn processes_start_processes() {
    fn depth(n: u8) -> ExitCode {
        if n == 0 {
            return ExitCode::from(100);
        }
        let child = Process::new(|| depth(n - 1)).start().unwrap();
        ExitCode::from(child.join().unwrap() as u8 + n)
    }
    assert_eq!(join(&Process::new(|| depth(3)).start().unwrap()), 106);
}

fn a_thousand_leave_nothing() {
    let before = open_descriptors();
    for n in 0..1000 {
        let process = Process::new(|| ()).daemon(n % 2 == 0);
        drop(process.start().unwrap());
    }
    until("all have ended", || active_children().is_empty());
    assert_no_children();
    assert_eq!(open_descriptors(), before);
}

fn standard_input_is_at_its_end() {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(b"for the parent alone\n").unwrap();
    let parent = start(|| {
        dup2_stdin(&reader).unwrap();
        let child = start(|| {
            let mut line = String::new();
            assert_eq!(io::stdin().read_line(&mut line).unwrap(), 0);
            assert_eq!(io::stdin().read(&mut [0; 10]).unwrap(), 0);
        });
        assert_eq!(join(&child), 0);
        let mut line = String::new();
        io::stdin().read_line(&mut line).unwrap();
        assert_eq!(line, "for the parent alone\n");
    });
    assert_eq!(join(&parent), 0);
}

fn output_is_written_once_and_completely() {
    let (reader, writer) = io::pipe().unwrap();
    let child = start(|| {
        dup2_stdout(&writer).unwrap();
        drop(writer);
        print!("parent,"); // stays in the buffer: no end of line
        let children: Vec<Child> = (0..3)
            .map(|_| Process::new(|| print!("returned,")).start().unwrap())
            .chain((0..2).map(|_| {
                let exit = || {
                    print!("exited,");
                    process::exit(0)
                };
                Process::new(exit).start().unwrap()
            }))
            .collect();
        assert!(children.iter().all(|child| join(child) == 0));
        print!("end");
    });
    let text = read_to_end(reader);
    assert_eq!(join(&child), 0);
    assert!(text.starts_with("parent,") && text.ends_with(",end"), "{text}");
    for (word, times) in [("parent", 1), ("returned", 3), ("exited", 2), ("end", 1)] {
        assert_eq!(text.matches(word).count(), times, "{text}");
    }
}

fn output_that_cannot_be_written_is_an_error() {
    let child = start(|| {
        dup2_stdout(File::create("/dev/full").unwrap()).unwrap();
        dup2_stderr(File::create("/dev/null").unwrap()).unwrap();
        print!("lost");
    });
    assert_eq!(join(&child), 1);
    let child = start(|| {
        dup2_stdout(File::create("/dev/full").unwrap()).unwrap();
        print!("would be printed twice");
        let error = Process::new(|| ()).start().unwrap_err().to_string();
        assert!(error.contains("flush standard output"), "{error}");
        process::exit(3) // not 1, which is what a failed assertion or a failed flush gives
    });
    assert_eq!(join(&child), 3);
}

fn no_destructor_of_the_parent_runs_in_the_child() {
    struct Tell<'a>(&'a Signpost);
    impl Drop for Tell<'_> {
        fn drop(&mut self) {
            self.0.set();
        }
    }
    let dropped = Signpost::new();
    let told = Tell(&dropped);
    for ending in 0..3 {
        let child = start(|| {
            dup2_stderr(File::create("/dev/null").unwrap()).unwrap();
            let _borrowed = &told;
            match ending {
                0 => (),
                1 => panic!("unwinds no further than the closure"),
                _ => process::exit(0),
            }
        });
        join(&child);
        assert!(!dropped.is_set(), "ending {ending}");
    }
    drop(told);
    dropped.wait();
}

fn signal_handlers_do_not_disturb_join() {
    let storm = storm_of_signals();
    let sleeper = start(|| thread::sleep(Duration::from_millis(150)));
    let begin = Instant::now();
    assert_eq!(storm.join_timeout(Duration::from_millis(100)).unwrap(), None);
    assert!(begin.elapsed() >= Duration::from_millis(100));
    assert_eq!(sleeper.join().unwrap(), 0);
    // Starting is not disturbed either, and the child handles the signals as its parent does.
    for _ in 0..100 {
        assert_eq!(
            Process::new(|| raise(Signal::SIGUSR1).unwrap()).start().unwrap().join().unwrap(),
            0
        );
    }
}

fn signals_to_a_process_that_has_ended_go_nowhere() {
    let child = start(|| ());
    until("its end", || !child.is_alive().unwrap());
    child.terminate().unwrap(); // a zombie
    assert_eq!(join(&child), 0);
    child.terminate().unwrap(); // reaped: its id may be anyone's
    child.kill().unwrap();
    assert_eq!(child.exit_code().unwrap(), Some(0));
}

fn the_sentinel_can_be_polled() {
    let go = Signpost::new();
    let child = start(|| go.wait());
    assert!(!readable(&child.sentinel(), Duration::ZERO));
    go.set();
    assert!(readable(&child, DEADLINE));
    assert!(readable(&child.sentinel().as_fd(), Duration::ZERO));
}

fn close_is_refused_while_it_runs() {
    let child = start(|| thread::sleep(DEADLINE));
    let refused = child.close().unwrap_err();
    assert!(refused.to_string().contains("still runs"), "{refused}");
    let child = refused.0;
    child.kill().unwrap();
    join(&child);
    child.close().unwrap();
}

fn active_children_are_those_that_run() {
    let go = Signpost::new();
    let ended = start(|| ());
    let running = Process::new(|| go.wait()).name("runner").start().unwrap();
    until("the end of one", || active_children().len() == 1);
    let active = active_children();
    assert_eq!((active[0].name(), active[0].pid()), ("runner", running.pid()));
    go.set();
    assert_eq!(active[0].join().unwrap(), 0);
    assert_eq!(running.exit_code().unwrap(), Some(0));
    assert_eq!(ended.exit_code().unwrap(), Some(0));
    assert!(active_children().is_empty());
    // The children of the parent are not those of the child.
    let _sibling = start(|| thread::sleep(DEADLINE));
    assert_eq!(join(&start(|| assert!(active_children().is_empty()))), 0);
}

fn a_handle_in_another_process_does_no_harm() {
    let target = start(|| thread::sleep(DEADLINE));
    let pid = target.pid();
    let other = start(|| {
        assert!(target.is_alive().unwrap());
        target.terminate().unwrap();
        let error = target.join().unwrap_err();
        assert!(matches!(error, Error::NotAChild { pid: p, .. } if p == pid), "{error}");
    });
    assert_eq!(join(&other), 0);
    assert_eq!(join(&target), -15);

    // A copy of the last handle is dropped elsewhere.
    let target = start(|| thread::sleep(DEADLINE));
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            drop(target);
            // SAFETY: ends this process at once.
            unsafe { libc::_exit(3) }
        }
        ForkResult::Parent { child } => {
            assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 3)));
        }
    }
    assert!(target.is_alive().unwrap());
}

fn a_parent_with_threads_is_refused() {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        });
        let error = Process::new(|| ()).start().unwrap_err();
        done.store(true, Ordering::Relaxed);
        assert!(matches!(error, Error::Threads { threads: 2, .. }), "{error}");
        assert!(error.to_string().contains("start processes before threads"), "{error}");
    });
}

fn a_thread_that_was_joined_is_no_thread() {
    for _ in 0..500 {
        thread::spawn(|| ()).join().unwrap();
        assert_eq!(Process::new(|| ()).start().unwrap().join().unwrap(), 0);
        thread::scope(|scope| drop(scope.spawn(|| ())));
        assert_eq!(Process::new(|| ()).start().unwrap().join().unwrap(), 0);
    }
}

fn a_parent_with_threads_may_insist() {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        });
        let process = Process::new(|| process::exit(3));
        // SAFETY: the other thread holds no lock, ever.
        let child = unsafe { process.start_beside_threads() }.unwrap();
        assert_eq!(join(&child), 3);
        done.store(true, Ordering::Relaxed);
    });
}

fn a_guard_cannot_cross_a_fork() {
    let lock = Lock::new().unwrap();
    let other = Lock::new().unwrap();
    let guard = lock.lock().unwrap();
    let another = other.lock().unwrap();
    let error = Process::new(|| ()).start().unwrap_err();
    assert!(matches!(error, Error::GuardHeld { guards: 2, .. }), "{error}");
    drop(guard);
    assert!(Process::new(|| ()).start().is_err());
    drop(another);
    let child = start(|| assert!(lock.try_lock().unwrap().is_some()));
    assert_eq!(join(&child), 0);
}

fn the_limit_of_processes_is_named() {
    let child = start(|| {
        // Root is not limited.
        if Uid::effective().is_root() {
            setuid(Uid::from_raw(65534)).unwrap();
        }
        setrlimit(Resource::RLIMIT_NPROC, 0, 0).unwrap();
        let before = open_descriptors();
        for _ in 0..10 {
            let error = Process::new(|| ()).name("dance").start().unwrap_err().to_string();
            assert!(error.starts_with("cannot start dance: fork: "), "{error}");
            assert!(error.contains("ulimit -u"), "{error}");
        }
        assert_eq!(open_descriptors(), before);
        assert!(active_children().is_empty());
    });
    assert_eq!(join(&child), 0);
}

fn the_limit_of_descriptors_is_found_before_the_fork() {
    let ran = Signpost::new();
    let child = start(|| {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let next = File::open("/dev/null").unwrap().as_raw_fd() as u64; // closed again: the first free
        let mut refused = 0;
        let child = loop {
            setrlimit(Resource::RLIMIT_NOFILE, next + refused, most).unwrap();
            match Process::new(|| ran.set()).start() {
                Ok(child) => break child,
                Err(error) => assert!(error.to_string().contains("ulimit -n"), "{error}"),
            }
            assert_no_children();
            refused += 1;
        };
        setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
        assert_eq!(join(&child), 0);
        assert!((1..5).contains(&refused), "{refused}");
    });
    assert_eq!(join(&child), 0);
    ran.wait();
    assert!(!ran.is_set(), "a process ran whose start had failed");
}

fn a_child_has_one_descriptor_that_its_parent_has_not() {
    let with_the_parents_pidfd = open_descriptors() + 1;
    assert_eq!(join(&start(|| assert_eq!(open_descriptors(), with_the_parents_pidfd))), 0);
}

fn closed_standard_descriptors_stay_closed_or_become_null() {
    let child = start(|| {
        for fd in 0..3 {
            // SAFETY: nothing in this process uses them from here on.
            unsafe { libc::close(fd) };
        }
        let sleeper = Process::new(|| thread::sleep(DEADLINE)).start().unwrap();
        assert!(sleeper.sentinel().as_raw_fd() > 2);
        let reader = Process::new(|| {
            let null = std::fs::read_link("/proc/self/fd/0").unwrap();
            ExitCode::from(if null.ends_with("null") { 3 } else { 4 })
        });
        let code = join(&reader.start().unwrap());
        sleeper.kill().unwrap();
        process::exit(code)
    });
    assert_eq!(join(&child), 3);
}

fn exit_handlers_of_the_parent_stay_with_it() {
    extern "C" fn handler() {
        // SAFETY: ends the process at once, with a code that nothing else here has.
        unsafe { libc::_exit(77) }
    }
    let parent = start(|| {
        // SAFETY: the handler may be called at any exit.
        assert_eq!(unsafe { libc::atexit(handler) }, 0);
        assert_eq!(join(&Process::new(|| ()).start().unwrap()), 0);
        process::exit(0)
    });
    assert_eq!(join(&parent), 77);
}

fn a_debugger_delays_join_but_does_not_break_it() {
    let (stop, child) = (Signpost::new(), start(|| thread::sleep(DEADLINE)));
    let traced = Signpost::new();
    let debugger = start(|| {
        nix::sys::ptrace::seize(
            Pid::from_raw(child.pid() as i32),
            nix::sys::ptrace::Options::empty(),
        )
        .unwrap();
        traced.set();
        stop.wait(); // it does not look at what it traces, and lets go of it when it ends
    });
    traced.wait();
    child.kill().unwrap();
    until("its end", || !child.is_alive().unwrap());
    assert_eq!(child.exit_code().unwrap(), None);
    assert_eq!(child.join_timeout(Duration::from_millis(20)).unwrap(), None);
    stop.set();
    assert_eq!(join(&child), -9);
    assert_eq!(join(&debugger), 0);
}

fn ignored_sigchld_is_refused() {
    let child = start(|| {
        // The kernel keeps no exit code in either case.
        let ignored = (SigHandler::SigIgn, SaFlags::empty());
        for (handler, flags) in [ignored, (SigHandler::SigDfl, SaFlags::SA_NOCLDWAIT)] {
            let action = SigAction::new(handler, flags, SigSet::empty());
            // SAFETY: no handler function is involved.
            unsafe { sigaction(Signal::SIGCHLD, &action) }.unwrap();
            let error = Process::new(|| ()).start().unwrap_err().to_string();
            assert!(error.contains("SIGCHLD"), "{error}");
        }
        process::exit(3)
    });
    assert_eq!(join(&child), 3);
}

fn children_draw_their_own_random_numbers() {
    let _the_parent_has_used_its_generator: u64 = rand::random();
    let (reader, writer) = io::pipe().unwrap();
    let children: Vec<Child> = (0..20)
        .map(|_| start(|| (&writer).write_all(&rand::random::<u64>().to_ne_bytes()).unwrap()))
        .collect();
    assert!(children.iter().all(|child| join(child) == 0));
    let mut drawn: Vec<[u8; 8]> = Vec::from([rand::random::<u64>().to_ne_bytes()]);
    for _ in &children {
        let mut number = [0; 8];
        (&reader).read_exact(&mut number).unwrap();
        drawn.push(number);
    }
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), 21);
}

fn the_authkey_is_the_familys() {
    let mine = current_process().authkey();
    assert_ne!(mine, [0; 32]);
    let child = start(|| assert_eq!(current_process().authkey(), mine));
    assert_eq!(join(&child), 0);
}

fn the_signal_mask_is_the_parents() {
    let mut usr2 = SigSet::empty();
    usr2.add(Signal::SIGUSR2);
    usr2.thread_block().unwrap();
    let mine = SigSet::thread_get_mask().unwrap();
    let child = start(|| assert_eq!(SigSet::thread_get_mask().unwrap(), mine));
    assert_eq!(join(&child), 0);
    assert_eq!(SigSet::thread_get_mask().unwrap(), mine);
    usr2.thread_unblock().unwrap();
}
