//! What a test that runs in a process of its own may do, and how it fails.

use std::path::PathBuf;
use std::process::{self, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};

use ipc_common::{Error, Process, Queue, Value};

/// A child that borrows.
fn count_in_children() -> ipc_common::Result<()> {
    let count = Value::new(0)?;
    let add = || -> ipc_common::Result<()> {
        count.fetch_add(1)?;
        Ok(())
    };
    let children = [Process::new(add).start()?, Process::new(add).start()?];
    for child in children {
        assert_eq!(child.join()?, 0);
    }
    assert_eq!(*count.lock()?, 2);
    Ok(())
}

#[test]
fn a_function_starts_processes() {
    ipc_test::run(count_in_children);
}

#[test]
fn without_it_none_can_be_started() {
    let refused = Process::new(|| ()).start();
    assert!(matches!(refused, Err(Error::Threads { .. })), "{refused:?}");
}

#[test]
fn a_test_may_run_another() {
    ipc_test::run(|| ipc_test::run(count_in_children));
}

#[test]
fn what_it_starts_runs_no_test() {
    ipc_test::run(|| {
        let program = env::current_exe().unwrap();
        let listed = Command::new(program).args(["--list", "no such test"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&listed.stdout), "0 tests, 0 benchmarks\n");
    });
}

#[test]
#[should_panic(expected = "it panicked: two and two")]
fn a_panic_is_passed_on() {
    ipc_test::run(|| panic!("two and {}", "two"));
}

#[test]
#[should_panic(expected = "it returned an error")]
fn an_error_fails() {
    ipc_test::run(|| -> ipc_common::Result<()> {
        Queue::<u32>::new()?.try_get()?;
        Ok(())
    });
}

#[test]
#[should_panic(expected = "before the end of the test, its process ended with exit status: 0")]
fn an_early_end_fails() {
    ipc_test::run(|| process::exit(0));
}

#[test]
#[should_panic(expected = "before the end of the test, signal 6 ended its process")]
fn an_abort_fails() {
    ipc_test::run(|| process::abort());
}

/// The test and whoever looks what it leaves behind are two processes with the same parent.
fn file_of_pid() -> PathBuf {
    env::temp_dir().join(format!("ipc-test-{}", std::os::unix::process::parent_id()))
}

#[test]
#[should_panic(expected = "the test took longer than 1s")]
fn a_test_that_hangs_is_killed_with_its_children() {
    let file = env::temp_dir().join(format!("ipc-test-{}", process::id()));
    let hung = std::panic::catch_unwind(|| {
        ipc_test::run_within(Duration::from_secs(1), || {
            let child = Process::new(|| sleep(Duration::from_secs(600))).start().unwrap();
            fs::write(file_of_pid(), child.pid().to_string()).unwrap();
            child.join().unwrap();
        });
    });
    let pid = fs::read_to_string(&file).unwrap();
    fs::remove_file(file).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z")) {
        assert!(Instant::now() < deadline, "process {pid} was left behind");
        sleep(Duration::from_millis(10));
    }
    std::panic::resume_unwind(hung.unwrap_err());
}
