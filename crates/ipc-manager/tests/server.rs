//! The manager's server: what it holds open, how long it lives, and that it has no address.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process;
use std::ptr;
use std::time::{Duration, Instant};

use ipc_common::{Barrier, Error, Manager, Process, one_way_pipe};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use testing::harness::assert_no_children;
use testing::processes::{DEADLINE, is_in, join, open_descriptors_of, start, until};
use testing::signpost::{Signpost, read_to_end};
use testing::tests;

tests![
    the_server_has_nothing_of_its_parents_open,
    lines_end_with_their_processes,
    a_hundred_lines_at_once,
    dropping_the_manager_ends_its_server,
    a_copy_that_is_dropped_in_a_child_ends_nothing,
    the_server_ends_with_its_owner,
    calls_end_with_the_server,
    nothing_has_a_name,
];

fn server(manager: &Manager) -> Pid {
    Pid::from_raw(manager.server().pid() as i32)
}

fn the_server_has_nothing_of_its_parents_open() {
    let (reader, writer) = io::pipe().unwrap();
    let files: Vec<File> = (0..50).map(|_| File::open("/dev/null").unwrap()).collect();
    let manager = Manager::new().unwrap();
    manager.namespace().unwrap(); // it serves, so it is set up
    let standard_streams_door_spare_and_line = 6;
    assert!(open_descriptors_of(manager.server().pid()) <= standard_streams_door_spare_and_line);
    drop((writer, files));
    assert_eq!(read_to_end(reader), "");
    manager.namespace().unwrap();
}

fn lines_end_with_their_processes() {
    let manager = Manager::new().unwrap();
    let list = manager.list([]).unwrap();
    let before = open_descriptors_of(manager.server().pid());
    for n in 0..300 {
        assert_eq!(join(&start(|| list.push(&n).unwrap())), 0);
    }
    until("the end of the lines", || open_descriptors_of(manager.server().pid()) == before);
    assert!(list.to_vec().unwrap().into_iter().eq(0..300));
}

/// They come together and go in any order, and the limit of its owner is not the server's.
fn a_hundred_lines_at_once() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 50, hard).unwrap();
    let manager = Manager::new().unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    let dict = manager.dict().unwrap();
    let before = open_descriptors_of(manager.server().pid());
    let all_are_here = Barrier::new(101).unwrap();
    let children: Vec<_> = (0..100_u32)
        .map(|n| {
            let (dict, all_are_here) = (&dict, &all_are_here);
            start(move || {
                dict.insert(&n, &n).unwrap();
                all_are_here.wait().unwrap();
                for _ in 0..rand::random_range(1..20) {
                    assert_eq!(dict.get(&n).unwrap(), Some(n));
                }
            })
        })
        .collect();
    until("the last of them", || dict.len().unwrap() == 100);
    assert_eq!(open_descriptors_of(manager.server().pid()), before + 100);
    all_are_here.wait().unwrap();
    assert!(children.iter().all(|child| join(child) == 0));
    until("the end of the lines", || open_descriptors_of(manager.server().pid()) == before);
}

/// And it is reaped: the harness looks for it. One that is stopped gets no time to react.
fn dropping_the_manager_ends_its_server() {
    drop(Manager::new().unwrap());
    assert_no_children();
    let manager = Manager::new().unwrap();
    manager.namespace().unwrap();
    stop(server(&manager));
    let begin = Instant::now();
    drop(manager);
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_no_children();
}

fn stop(server: Pid) {
    kill(server, Signal::SIGSTOP).unwrap();
    let stopped = waitpid(server, Some(WaitPidFlag::WUNTRACED));
    assert_eq!(stopped, Ok(WaitStatus::Stopped(server, Signal::SIGSTOP)));
}

fn a_copy_that_is_dropped_in_a_child_ends_nothing() {
    let manager = Manager::new().unwrap();
    let list = manager.list([1]).unwrap();
    let child = start(|| {
        list.push(&2).unwrap();
        // SAFETY: nothing in this process uses the manager or its objects again.
        drop(unsafe { ptr::read(&raw const manager) });
    });
    assert_eq!(join(&child), 0);
    assert!(manager.server().is_alive().unwrap());
    assert_eq!(join(&start(|| list.push(&3).unwrap())), 0);
    assert_eq!(list.to_vec().unwrap(), [1, 2, 3]);
}

/// However its owner ends; and the others who use it hear of that.
fn the_server_ends_with_its_owner() {
    set_child_subreaper(true).unwrap(); // whoever loses its parent becomes a child of this process
    for is_killed in [true, false] {
        let (ids, tell) = one_way_pipe().unwrap();
        let (calls, may_end) = (Signpost::new(), Signpost::new());
        let owner = Process::new(|| {
            let manager = Manager::new().unwrap();
            let list = manager.list([1]).unwrap();
            let user = Process::new(|| {
                assert_eq!(list.to_vec().unwrap(), [1]);
                calls.set();
                until("the end", || matches!(list.to_vec(), Err(Error::ManagerGone)));
                process::exit(3)
            });
            let user = user.start().unwrap();
            tell.send(&(manager.server().pid() as i32, user.pid() as i32)).unwrap();
            may_end.wait();
            // SAFETY: it ends the process, without its exit handlers.
            unsafe { libc::_exit(0) }
        });
        let owner = owner.start().unwrap();
        let (server, user) = ids.recv().unwrap();
        let (server, user) = (Pid::from_raw(server), Pid::from_raw(user));
        calls.wait();
        if is_killed {
            owner.kill().unwrap();
        } else {
            may_end.set();
        }
        assert_eq!(join(&owner), if is_killed { -9 } else { 0 });
        for (pid, end) in [
            (server, WaitStatus::Signaled(server, Signal::SIGKILL, false)),
            (user, WaitStatus::Exited(user, 3)),
        ] {
            until("the end", || match waitpid(pid, Some(WaitPidFlag::WNOHANG)).unwrap() {
                WaitStatus::StillAlive => false,
                ended => ended == end || panic!("{ended:?}"),
            });
        }
    }
    set_child_subreaper(false).unwrap();
}

/// Of those who have a line, who only come, who wait for the reply to a large request; and later
/// ones.
fn calls_end_with_the_server() {
    for _ in 0..10 {
        let manager = Manager::new().unwrap();
        let list = manager.list([String::new()]).unwrap();
        let (has_line, go) = (Signpost::new(), Signpost::new());
        let call = |has_a_line: bool, size: usize| {
            if has_a_line {
                list.len().unwrap();
            }
            has_line.set();
            go.wait();
            let text = "x".repeat(size);
            for _ in 0..3 {
                assert!(matches!(list.push(&text), Err(Error::ManagerGone)));
            }
        };
        let children =
            [(true, 1), (false, 1), (true, 100_000), (false, 100_000)].map(|(has_a_line, size)| {
                let call = &call;
                start(move || call(has_a_line, size))
            });
        children.iter().for_each(|_| has_line.wait());
        stop(server(&manager));
        children.iter().for_each(|_| go.set());
        for child in &children {
            until("the call", || is_in(child.pid(), libc::SYS_recvmsg));
        }
        let begin = Instant::now();
        manager.server().kill().unwrap();
        assert!(children.iter().all(|child| join(child) == 0));
        assert!(matches!(list.push(&String::new()), Err(Error::ManagerGone)));
        assert!(matches!(list.get(0), Err(Error::ManagerGone)));
        assert!(matches!(manager.dict::<u8, u8>(), Err(Error::ManagerGone)));
        assert!(matches!(manager.list([1]), Err(Error::ManagerGone)));
        assert!(matches!(manager.namespace(), Err(Error::ManagerGone)));
        let later = start(|| assert!(matches!(list.pop(), Err(Error::ManagerGone))));
        assert_eq!(join(&later), 0);
        assert!(begin.elapsed() < DEADLINE / 4, "promptly");
        assert_eq!(join(manager.server()), -9);
    }
}

/// Nothing is left to be found, in no folder and not among the sockets. Other programs make files
/// at the same time, but not each time that this looks.
fn nothing_has_a_name() {
    fn names() -> BTreeSet<String> {
        let temporary = std::env::temp_dir();
        let folders = ["/dev/shm", "/tmp", "/run"].map(Path::new).into_iter().chain([&*temporary]);
        let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten();
        let files = files.map(|file| file.unwrap().path().display().to_string());
        let sockets = fs::read_to_string("/proc/net/unix").unwrap();
        let sockets =
            sockets.lines().filter_map(|line| Some(line.split_whitespace().nth(7)?.into()));
        files.chain(sockets).collect()
    }
    until("a run without a new name", || {
        let before = names();
        let manager = Manager::new().unwrap();
        let list = manager.list(["x".repeat(100_000)]).unwrap();
        assert_eq!(join(&start(|| list.reverse().unwrap())), 0);
        let meanwhile = names();
        drop(manager);
        before.is_superset(&meanwhile) && before.is_superset(&names())
    });
}
