//! However the main process ends, there is a file, and it is written by no other.

use std::fs;
use std::process::exit;

use ipc_common::{Lock, Process};
use nix::sys::wait::WaitStatus;
use testing::processes::{join, start};

use crate::trace::{Trace, run_traced, trace_of};

testing::tests![
    a_child_that_calls_exit_writes_no_file,
    the_main_process_may_exit_with_a_code,
    an_unwritable_file_changes_nothing_else,
    a_relative_file_is_where_the_program_began,
    a_daemon_ends_before_the_trace,
];

fn a_child_that_calls_exit_writes_no_file() {
    let trace = trace_of(|| {
        let child = start(|| exit(7));
        assert_eq!(join(&child), 7);
        drop(Lock::new().unwrap().lock().unwrap()); // what the child cannot know of
    });
    assert!(
        trace.slice("Process-1", "Process-1").end < trace.slice("MainProcess", "hold Lock").end
    );
    let mut reaped = trace.of_phase("i").filter_map(|event| event["name"].as_str());
    assert!(reaped.any(|name| name == "reap Process-1: exit code 7"));
}

fn the_main_process_may_exit_with_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json");
    let status = run_traced(&file, || {
        drop(Lock::new().unwrap());
        exit(3)
    });
    assert!(matches!(status, WaitStatus::Exited(_, 3)), "{status:?}");
    Trace::read(&file).slice("MainProcess", "MainProcess");
}

fn an_unwritable_file_changes_nothing_else() {
    let status = run_traced("/dev/null/none".as_ref(), || drop(Lock::new().unwrap()));
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
}

fn a_relative_file_is_where_the_program_began() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(folder.path()).unwrap();
    let status = run_traced("trace.json".as_ref(), || {
        drop(Lock::new().unwrap());
        std::env::set_current_dir("/").unwrap();
    });
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
    assert!(fs::exists(folder.path().join("trace.json")).unwrap());
    std::env::set_current_dir("/").unwrap();
}

fn a_daemon_ends_before_the_trace() {
    let trace = trace_of(|| {
        let lock = Lock::new().unwrap();
        let held = ipc_common::Event::new().unwrap();
        let daemon = Process::new(|| {
            let _guard = lock.lock().unwrap();
            held.set();
            std::thread::park();
        });
        let daemon = daemon.daemon(true).start().unwrap();
        held.wait();
        exit({
            let _ = daemon; // no destructor runs
            0
        })
    });
    let held = trace.slice("Process-1", "hold Lock");
    let (life, main) =
        (trace.slice("Process-1", "Process-1"), trace.slice("MainProcess", "MainProcess"));
    assert!(held.end == life.end && life.end <= main.end, "{held:?} {life:?} {main:?}");
}
