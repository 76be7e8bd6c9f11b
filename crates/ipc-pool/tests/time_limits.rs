//! Time limits of tasks, and how long a pool waits.

use std::process;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ipc_common::{Error, Pool};
use nix::sys::signal::{SigHandler, Signal, signal};
use testing::pool::{
    OPEN, OWN, held, is_stopped, mark_at, marks, pool, send, square, state_and_parent, supervisor,
};
use testing::processes::{DEADLINE, is_in_poll, join, start, until};
use testing::tests;

tests![
    a_kill_before_the_limit_is_no_timeout,
    an_exit_before_the_limit_is_no_timeout,
    enormous_timeouts,
    a_pool_is_dropped_at_once,
    a_pool_with_a_stopped_supervisor_is_dropped_in_about_a_second,
];

#[track_caller]
fn died<T>(result: ipc_common::Result<T>, code: i32) {
    match result.map(drop).unwrap_err() {
        Error::WorkerDied { code: died_with, .. } => assert_eq!(died_with, code),
        error => panic!("{error}"),
    }
}

fn a_kill_before_the_limit_is_no_timeout() {
    marks().fill(0);
    let pool = Pool::builder().workers(1).task_timeout(DEADLINE * 9).start().unwrap();
    let task = pool.apply_async(held, OWN).unwrap();
    send(mark_at(OWN), Signal::SIGKILL);
    died(task.get(), -9);
}

/// Although the supervisor looks only after it. (On a slow machine with one of the longer limits.)
fn an_exit_before_the_limit_is_no_timeout() {
    let limits = [1, 4, 16].map(Duration::from_secs);
    assert!(limits.into_iter().any(exits_before), "the machine is very slow");
}

/// Whether the task had exited before its limit.
fn exits_before(limit: Duration) -> bool {
    marks().fill(0);
    let pool = Pool::builder().workers(1).task_timeout(limit).start().unwrap();
    let supervisor = supervisor();
    send(supervisor, Signal::SIGSTOP);
    until("the stop", || is_stopped(supervisor));
    let exits = |()| -> () {
        marks()[OWN] = process::id();
        process::exit(3)
    };
    let begin = Instant::now();
    let task = pool.apply_async(exits, ()).unwrap();
    let worker = mark_at(OWN);
    until("its end", || matches!(state_and_parent(worker), Some(('Z', _))));
    let in_time = begin.elapsed() < limit;
    sleep(limit);
    send(supervisor, Signal::SIGCONT);
    let result = task.get();
    if in_time {
        died(result, 3);
    }
    in_time
}

fn enormous_timeouts() {
    let enormous = [
        Duration::MAX,
        Duration::from_secs(u64::MAX),
        Duration::from_secs(i64::MAX as u64),
        Duration::from_secs(i64::MAX as u64 - 1),
        Duration::from_nanos(u64::MAX),
    ];
    let owner = process::id();
    for timeout in enormous {
        marks().fill(0);
        let pool = Pool::builder().workers(1).task_timeout(timeout).start().unwrap();
        for wait in [false, true] {
            marks().fill(0);
            let task = pool.apply_async(held, OWN).unwrap();
            let worker = mark_at(OWN);
            let opener = start(|| {
                until("the wait", || is_in_poll(owner));
                marks()[OPEN] = 1;
            });
            if wait {
                assert!(task.wait_timeout(timeout).unwrap());
            }
            assert_eq!(task.get_timeout(timeout).unwrap(), Some(worker));
            assert_eq!(join(&opener), 0);
        }
    }
}

/// The least time of three: another process may take the processors for a while.
fn fastest_of_three(mut work: impl FnMut() -> Duration) -> Duration {
    (0..3).map(|_| work()).min().unwrap()
}

fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// Its tasks ignore SIGTERM; the pool itself waits for a second only if its supervisor is stuck.
fn a_pool_is_dropped_at_once() {
    fn stubborn(place: usize) {
        // SAFETY: no handler function is involved.
        unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.unwrap();
        marks()[place] = 1;
        sleep(3 * DEADLINE);
    }
    let took = fastest_of_three(|| {
        let pool = pool(3);
        for place in OWN..OWN + 3 {
            drop(pool.apply_async(stubborn, place).unwrap());
        }
        (OWN..OWN + 3).for_each(|place| assert_eq!(mark_at(place), 1));
        time(|| drop(pool))
    });
    assert!(took < Duration::from_millis(800), "took {took:?}");
}

fn a_pool_with_a_stopped_supervisor_is_dropped_in_about_a_second() {
    let took = fastest_of_three(|| {
        let pool = pool(2);
        assert_eq!(pool.apply(square, 2).unwrap(), 4);
        let supervisor = supervisor();
        send(supervisor, Signal::SIGSTOP);
        until("the stop", || is_stopped(supervisor));
        let took = time(|| pool.terminate().unwrap());
        took + time(|| drop(pool))
    });
    assert!(took < Duration::from_millis(2500), "took {took:?}");
}
