//! The end of a process: it waits for its children, however it ends.

use std::io::{Read, Write};
use std::process::{self, Command, Stdio};
use std::{env, thread};

use ipc_common::{Barrier, Event, Process};
use nix::unistd::{Uid, setuid};
use testing::processes::{DEADLINE, join, start, stat, until};
use testing::signpost::Signpost;
use testing::tests;

tests![
    children_without_a_handle_run_side_by_side,
    the_end_of_a_process_waits_for_its_children,
    main_says_its_error_before_it_waits,
    a_panic_in_main_waits,
    exit_in_main_waits,
    what_was_dropped_is_reaped_at_the_next_start,
    a_daemon_of_another_user_does_not_keep_a_process_from_its_end,
];

fn children_without_a_handle_run_side_by_side() {
    let parent = start(|| {
        let all = Barrier::new(5).unwrap();
        for _ in 0..4 {
            Process::new(|| all.wait_timeout(DEADLINE).map(drop)).start().unwrap();
        }
        all.wait_timeout(DEADLINE).map(drop)
    });
    assert_eq!(join(&parent), 0);
}

/// Runs a parent that ends in the way given, and whose child ends only after that.
fn is_waited_for(end: impl Fn()) -> i32 {
    let (ends, child_ends) = (Event::new().unwrap(), Event::new().unwrap());
    let parent = start(|| {
        let child = Process::new(|| {
            assert!(ends.wait_timeout(DEADLINE));
            // The parent is on its way to the end, or has come there and waits.
            (0..50).for_each(|_| thread::yield_now());
            child_ends.set();
        });
        drop(child.start().unwrap());
        ends.set();
        end();
    });
    let code = join(&parent);
    assert!(child_ends.is_set(), "its child was not waited for");
    code
}

fn the_end_of_a_process_waits_for_its_children() {
    assert_eq!(is_waited_for(|| ()), 0);
    assert_eq!(is_waited_for(|| process::exit(7)), 7);
    assert_eq!(is_waited_for(|| panic!("of the parent")), 1);
    let from_a_thread = || {
        thread::spawn(|| process::exit(9)).join().unwrap();
    };
    assert_eq!(is_waited_for(from_a_thread), 9);
}

/// Runs the example as a main process of its own. Its child ends when its input is at its end.
fn main_ends_with(way: &str, first: &str, code: i32) {
    let tests = env::current_exe().unwrap();
    let example = tests.parent().unwrap().parent().unwrap().join("examples/end_of_main");
    let mut command = Command::new(example);
    command
        .env("RUST_BACKTRACE", "0")
        .arg(way)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut main = command.spawn().unwrap();
    let (mut input, mut stderr) = (main.stdin.take().unwrap(), main.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(first) {
        let mut bytes = [0; 1000];
        let n = stderr.read(&mut bytes).unwrap();
        assert!(n > 0, "it ended without a word: {said}");
        said.push_str(str::from_utf8(&bytes[..n]).unwrap());
    }
    assert!(main.try_wait().unwrap().is_none(), "it did not wait: {said}");
    input.write_all(b"an item").unwrap();
    drop(input);
    stderr.read_to_string(&mut said).unwrap();
    assert!(said.ends_with("The consumer ends.\n"), "{said}");
    let output = main.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(code), &b"an item"[..]), "{said}");
}

fn main_says_its_error_before_it_waits() {
    main_ends_with("error", "No such file or directory\" }\n", 1);
}

fn a_panic_in_main_waits() {
    main_ends_with("panic", "to display a backtrace\n", 101);
}

fn exit_in_main_waits() {
    main_ends_with("exit", "", 7);
}

/// Needs root, who alone may become another user.
fn a_daemon_of_another_user_does_not_keep_a_process_from_its_end() {
    if !Uid::effective().is_root() {
        return;
    }
    let (runs, parent_ended) = (Signpost::new(), Signpost::new());
    let parent = start(|| {
        let run = || {
            runs.set();
            parent_ended.wait();
        };
        let _daemon = Process::new(run).daemon(true).start().unwrap();
        runs.wait();
        setuid(Uid::from_raw(65534)).unwrap(); // may not signal root's processes
    });
    assert_eq!(parent.join_timeout(DEADLINE).unwrap(), Some(0));
    parent_ended.set();
}

fn what_was_dropped_is_reaped_at_the_next_start() {
    let is_dropped = Signpost::new();
    let first = Process::new(|| is_dropped.wait()).start().unwrap();
    let pid = first.pid();
    drop(first);
    is_dropped.set();
    until("its end", || stat(pid).starts_with('Z'));
    let second = start(|| ());
    assert_eq!(stat(pid), "", "it is still a zombie");
    assert_eq!(join(&second), 0);
}
