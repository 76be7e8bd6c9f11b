//! Pools whose processes change their user, after which the kernel no longer ends a process with its
//! parent. Only root can do that: otherwise these tests say so and do nothing.

use std::io;
use std::thread::sleep;

use ipc_common::{Pool, Process};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::{Uid, alarm, geteuid, getppid, setuid};
use testing::pool::{
    OPEN, OWN, has_ended, held, mark_at, marks, send, sleep_until_marked, supervisor,
};
use testing::processes::{DEADLINE, join, start, until};
use testing::signpost::read_to_end;
use testing::tests;

tests![
    workers_of_another_user_end_with_their_supervisor,
    a_worker_of_another_user_ends_with_a_supervisor_killed_while_it_starts,
    a_pool_ends_with_an_owner_of_another_user,
];

fn is_root() -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        println!("skipped: to change the user takes root");
    }
    is_root
}

fn become_nobody() -> Result<(), Errno> {
    setuid(Uid::from_raw(65534))
}

fn workers_of_another_user_end_with_their_supervisor() {
    if !is_root() {
        return;
    }
    let (reader, writer) = io::pipe().unwrap();
    let pool = Pool::builder().workers(2).initializer(become_nobody).start().unwrap();
    drop(writer);
    assert_eq!(pool.apply(|()| geteuid().as_raw(), ()).unwrap(), 65534);
    send(supervisor(), Signal::SIGKILL);
    read_to_end(reader);
}

fn a_worker_of_another_user_ends_with_a_supervisor_killed_while_it_starts() {
    if !is_root() {
        return;
    }
    marks().fill(0);
    let killer = start(|| {
        let supervisor = mark_at(OWN);
        send(supervisor, Signal::SIGKILL);
        until("the supervisor's end", || has_ended(supervisor));
        marks()[OPEN] = 1;
    });
    let (reader, writer) = io::pipe().unwrap();
    let pool = Pool::builder().workers(1).initializer(|| {
        let done = become_nobody();
        marks()[OWN] = getppid().as_raw().cast_unsigned();
        sleep_until_marked(OPEN);
        done
    });
    let why = pool.start().unwrap_err().to_string();
    assert!(why.contains("supervisor ended with code -9"), "{why}");
    drop(writer);
    read_to_end(reader);
    assert_eq!(join(&killer), 0);
}

/// The kernel asks whether the owner may kill the supervisor, and this one may not. Another child of
/// the owner's has a copy of what the pool has open.
fn a_pool_ends_with_an_owner_of_another_user() {
    if !is_root() {
        return;
    }
    const OTHER: usize = OWN + 1;
    marks().fill(0);
    let (reader, writer) = io::pipe().unwrap();
    let owner = start(|| {
        let pool = Pool::new(2).unwrap();
        let other = Process::new(|| {
            alarm::set(2 * DEADLINE.as_secs() as u32);
            held(OTHER);
        });
        let _other = other.start_without(&[&writer]).unwrap();
        mark_at(OTHER);
        drop(writer);
        become_nobody().unwrap();
        drop(pool.apply_async(held, OWN).unwrap());
        sleep(3 * DEADLINE);
    });
    let (_, other) = (mark_at(OWN), mark_at(OTHER));
    owner.kill().unwrap();
    read_to_end(reader);
    assert!(!has_ended(other));
    marks()[OPEN] = 1;
    until("the other's end", || has_ended(other));
    assert_eq!(join(&owner), -9);
}
