//! How a pool's workers are started, and what becomes of results that are not wanted or too large.

use std::collections::HashSet;
use std::process;

use ipc_common::{Error, Pool, current_process};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, raise};
use serde_bytes::ByteBuf;
use testing::memory::{kibibytes, with_address_space};
use testing::pool::{OPEN, OWN, held, mark_at, marks, pool, send, sleep_until_marked, square};
use testing::processes::{is_in_futex, until};
use testing::tests;

tests![
    each_worker_has_a_name_of_its_own,
    three_killed_starts_in_a_row_are_survived,
    a_fourth_ends_the_pool,
    killed_starts_are_counted_anew_after_a_good_one,
    the_end_of_an_idle_worker_is_no_killed_start,
    a_start_that_exits_is_not_tried_again,
    results_that_were_dropped_take_no_memory,
    a_result_that_is_too_large_is_an_error,
];

fn each_worker_has_a_name_of_its_own() {
    fn name(place: usize) -> String {
        held(place);
        current_process().name().to_string()
    }
    let pool = pool(3);
    let mut names = HashSet::new();
    for round in 1..=2 {
        let tasks: Vec<_> = (0..3).map(|n| pool.apply_async(name, OWN + n).unwrap()).collect();
        let workers: Vec<u32> = (0..3).map(|n| mark_at(OWN + n)).collect();
        marks()[OPEN] = 1;
        names.extend(tasks.iter().map(|task| task.get().unwrap()));
        assert_eq!(names.len(), 3 * round, "{names:?}");
        // Those that take their places have names of their own, too.
        workers.iter().for_each(|&worker| send(worker, Signal::SIGKILL));
        marks().fill(0);
    }
    assert!(names.iter().all(|name| name.starts_with("PoolWorker-")), "{names:?}");
}

/// How many workers were started.
const STARTS: usize = OWN;

/// The start of a worker: it is killed if `is_killed` says so of its number, from 1.
fn start_that_is_killed(is_killed: impl Fn(u32) -> bool) -> Result<(), String> {
    let start = {
        let mut marks = marks();
        marks[STARTS] += 1;
        marks[STARTS]
    };
    if is_killed(start) {
        raise(Signal::SIGKILL).unwrap();
    }
    Ok(())
}

/// A pool of one, whose starts after the first are killed if `is_killed` says so; each task ends its
/// worker.
fn pool_with_killed_starts(is_killed: fn(u32) -> bool) -> Pool {
    marks().fill(0);
    let builder = Pool::builder().workers(1).max_tasks_per_child(1);
    builder.initializer(|| start_that_is_killed(is_killed)).start().unwrap()
}

fn three_killed_starts_in_a_row_are_survived() {
    let pool = pool_with_killed_starts(|start| (2..=4).contains(&start));
    assert_eq!(pool.apply(square, 2).unwrap(), 4);
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
}

/// Also if the worker before them was killed in a task.
fn a_fourth_ends_the_pool() {
    for is_killed_in_task in [false, true] {
        let pool = pool_with_killed_starts(|start| start > 1);
        if is_killed_in_task {
            let killed = pool.apply(|()| raise(Signal::SIGKILL).unwrap(), ());
            assert!(matches!(killed, Err(Error::WorkerDied { code: -9, .. })), "{killed:?}");
        } else {
            assert_eq!(pool.apply(square, 2).unwrap(), 4);
        }
        let why = pool.apply(square, 3).unwrap_err().to_string();
        assert!(why.contains("ended with exit code -9 before it was initialised"), "{why}");
        assert_eq!(marks()[STARTS], 5);
        pool.close();
        assert!(matches!(pool.join(), Err(Error::PoolEnded { .. })));
    }
}

fn killed_starts_are_counted_anew_after_a_good_one() {
    let pool = pool_with_killed_starts(|start| start % 3 != 1);
    for n in 0..8 {
        assert_eq!(pool.apply(square, n).unwrap(), n * n);
    }
}

/// Also of one that has never had a task.
fn the_end_of_an_idle_worker_is_no_killed_start() {
    marks().fill(0);
    let pool = Pool::builder().workers(1).initializer(|| {
        marks()[OWN] = process::id();
        Ok::<(), String>(())
    });
    let pool = pool.start().unwrap();
    for _ in 0..6 {
        let worker = mark_at(OWN);
        until("the wait for a task", || is_in_futex(worker));
        marks()[OWN] = 0;
        send(worker, Signal::SIGKILL);
    }
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
}

fn a_start_that_exits_is_not_tried_again() {
    marks().fill(0);
    let pool = Pool::builder().workers(1).initializer(|| -> Result<(), String> {
        marks()[STARTS] += 1;
        process::exit(7)
    });
    let why = pool.start().unwrap_err().to_string();
    assert!(why.contains("ended with exit code 7 before it was initialised"), "{why}");
    assert_eq!(marks()[STARTS], 1);
}

/// Not in the pool's own process: neither those that are there when they are dropped, nor those that
/// come afterwards.
fn results_that_were_dropped_take_no_memory() {
    const RESULTS: usize = 100;
    fn large(_: u64) -> ByteBuf {
        ByteBuf::from(vec![1; 1 << 20])
    }
    fn when_open(n: u64) -> ByteBuf {
        sleep_until_marked(OPEN);
        large(n)
    }
    let pool = pool(1);
    let before = kibibytes(process::id(), "RssAnon");
    for n in 0..RESULTS as u64 {
        let task = pool.apply_async(large, n).unwrap();
        task.wait().unwrap();
    }
    for n in 0..RESULTS as u64 {
        drop(pool.apply_async(when_open, n).unwrap());
    }
    marks()[OPEN] = 1;
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    let grown = kibibytes(process::id(), "RssAnon").saturating_sub(before);
    assert!(grown < (RESULTS << 10) / 4, "{RESULTS} MiB of results have left {grown} KiB");
}

fn a_result_that_is_too_large_is_an_error() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    let pool = with_address_space(48 << 20, || {
        let no_limit = || setrlimit(Resource::RLIMIT_AS, soft, hard);
        Pool::builder().workers(1).initializer(no_limit).start().unwrap()
    });
    let worker = |()| process::id();
    let before = pool.apply(worker, ()).unwrap();
    let result = pool.apply(|()| ByteBuf::from(vec![1; 64 << 20]), ());
    assert!(matches!(result, Err(Error::Encode(_))));
    let why = result.unwrap_err().to_string();
    assert!(why.contains("the item takes 671088"), "{why}");
    assert_eq!(pool.apply(worker, ()).unwrap(), before, "the worker has survived it");
}
