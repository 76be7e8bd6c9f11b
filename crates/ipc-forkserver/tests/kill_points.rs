//! The start of a process through the server, with one of the three that take part in it killed at
//! every instruction of its part.

use std::io;
use std::process::{self, ExitCode};

use ipc_common::{Child, Error, ForkServer, Lock, Outcome, Process, active_children};
use nix::sys::signal::{Signal, raise};
use testing::harness::assert_no_children;
use testing::kill_points::at_every_instruction;
use testing::pool::{OPEN, OWN, is_stopped, mark_at, marks, send, sleep_until_marked};
use testing::processes::{
    is_in, join, kill_and_join, open_descriptors, open_descriptors_of, start, until,
};
use testing::signpost::read_to_end;
use testing::tests;
use testing::victim::Victim;

tests![
    a_parent_killed_while_it_starts_a_process_leaves_none,
    a_child_of_which_its_parent_never_knew_does_not_run,
    a_server_killed_while_it_starts_a_process_does_it_or_not,
    a_child_killed_before_it_runs_is_a_child_that_was_killed,
];

const PARENT: usize = OWN;
const SERVER: usize = OWN + 1;
const CHILD: usize = OWN + 2;
/// Lets the parent ask the server.
const GO: usize = OWN + 3;

fn server() -> ForkServer {
    let server = ForkServer::new().unwrap();
    let is_it = |child: &Child| child.name() == "ForkServer";
    marks()[SERVER] = active_children().into_iter().find(is_it).unwrap().pid();
    server
}

/// A process as it is started here, with memory that travels as a descriptor. Its end, of which the
/// parent would hear in the middle of its steps, has to be let.
fn child(server: &ForkServer, lock: &Lock) -> ipc_common::Result<Child> {
    let run = |_: Lock| {
        marks()[CHILD] = process::id();
        sleep_until_marked(OPEN);
        ExitCode::from(7)
    };
    server.process(run, lock.try_clone()?).start()
}

/// A parent whose children the kernel does not kill with it.
fn no_daemon<T: Outcome>(run: impl FnOnce() -> T) -> Child {
    Process::new(run).start().unwrap()
}

fn is_in_recv(pid: u32) -> bool {
    is_in(pid, libc::SYS_recvmsg)
}

/// All of them have the pipe, which is open before there is a server.
fn a_parent_killed_while_it_starts_a_process_leaves_none() {
    at_every_instruction("parent that starts a process", |n| {
        marks().fill(0);
        let (reader, writer) = io::pipe().unwrap();
        let parent = no_daemon(|| {
            let server = server();
            let lock = Lock::new().unwrap();
            marks()[PARENT] = process::id();
            raise(Signal::SIGSTOP).unwrap();
            let child = child(&server, &lock);
            raise(Signal::SIGSTOP).unwrap();
            drop(child);
        });
        drop(writer);
        until("the stop", || is_stopped(mark_at(PARENT)));
        let victim = Victim::seize(parent.pid());
        let reached = victim.steps(n);
        victim.kill();
        marks()[OPEN] = 1;
        read_to_end(reader);
        reached
    });
}

/// The server is stopped before it tells of the child, and is killed with the parent.
fn a_child_of_which_its_parent_never_knew_does_not_run() {
    marks().fill(0);
    let (reader, writer) = io::pipe().unwrap();
    let parent = no_daemon(|| {
        let (server, lock) = (server(), Lock::new().unwrap());
        mark_at(GO);
        child(&server, &lock).map(drop)
    });
    drop(writer);
    let tell = || marks()[GO] = 1;
    let victim = Victim::seize_copy(mark_at(SERVER), tell, Signal::SIGSTOP);
    kill_and_join(&parent);
    victim.release();
    marks()[OPEN] = 1;
    read_to_end(reader);
    assert_eq!(marks()[CHILD], 0, "it has run");
}

/// Starts a process through a server that is killed meanwhile, and then another.
fn starts_two() {
    let server = server();
    let lock = Lock::new().unwrap();
    let before = open_descriptors();
    mark_at(GO);
    match child(&server, &lock) {
        Ok(child) => assert_eq!(join(&child), 7),
        Err(error @ Error::ForkServer { .. }) => {
            assert!(error.to_string().contains("the server was killed meanwhile"), "{error}");
            assert_eq!(marks()[CHILD], 0, "a process has run that is said not to have started");
        }
        Err(error) => panic!("{error}"),
    }
    until("the server's end", || active_children().is_empty());
    assert_no_children();
    assert_eq!(open_descriptors(), before);
    // With one thread, there is another server.
    assert_eq!(join(&child(&server, &lock).unwrap()), 7);
    assert_eq!(open_descriptors(), before);
}

fn a_server_killed_while_it_starts_a_process_does_it_or_not() {
    at_every_instruction("server that starts a process", |n| {
        marks().fill(0);
        marks()[OPEN] = 1;
        let parent = start(starts_two);
        let server = mark_at(SERVER);
        until("its wait for a request", || is_in_recv(server));
        send(server, Signal::SIGSTOP);
        until("its stop", || is_stopped(server));
        marks()[GO] = 1;
        until("the request", || is_in_recv(parent.pid()));
        let victim = Victim::seize(server).ending_in(libc::SYS_recvmsg);
        let reached = victim.steps(n);
        victim.kill();
        assert_eq!(join(&parent), 0);
        reached
    });
}

/// Starts a process that is killed before it runs, and then another.
fn starts_two_of_which_one_is_killed() {
    let server = server();
    let lock = Lock::new().unwrap();
    let servers = || open_descriptors_of(marks()[SERVER]);
    let before = (open_descriptors(), servers());
    mark_at(GO);
    let run = |_: Lock| {
        raise(Signal::SIGSTOP).unwrap();
    };
    let killed = server.process(run, lock.try_clone().unwrap()).start().unwrap();
    assert_eq!(join(&killed), -9);
    assert_eq!(active_children().len(), 1, "the server");
    assert_eq!(join(&child(&server, &lock).unwrap()), 7);
    drop(killed);
    assert_eq!(open_descriptors(), before.0);
    until("all of it is closed in the server", || servers() == before.1);
}

fn a_child_killed_before_it_runs_is_a_child_that_was_killed() {
    at_every_instruction("child of a server", |n| {
        marks().fill(0);
        marks()[OPEN] = 1;
        let parent = start(starts_two_of_which_one_is_killed);
        let victim = Victim::seize_copy(mark_at(SERVER), || marks()[GO] = 1, None);
        let reached = victim.steps(n);
        victim.kill();
        assert_eq!(join(&parent), 0);
        reached
    });
}
