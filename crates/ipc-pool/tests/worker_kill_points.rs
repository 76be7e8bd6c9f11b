//! A worker of a pool is killed at every instruction between two tasks, in turn: every task is
//! accounted for.

use std::hint;
use std::process;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use ipc_common::{AsyncResult, Error, Pool, wait};
use nix::sys::signal::{Signal, raise};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use testing::kill_points::at_every_instruction;
use testing::pool::{OPEN, is_stopped, mark_at, marks, send, sleep_until_marked, supervisor};
use testing::processes::{DEADLINE, is_in_poll, join, start, until};
use testing::tests;
use testing::victim::Victim;

tests![
    a_worker_killed_at_any_instruction_costs_its_task_at_most,
    a_worker_killed_at_any_instruction_of_its_start_costs_nothing,
    an_event_loop_hears_of_all_whatever_a_worker_was_doing,
];

/// Stops the worker when it is the last thing to be encoded or the first to be decoded.
struct Stop;

impl Serialize for Stop {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        stop_if_wanted();
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        stop_if_wanted();
        <()>::deserialize(deserializer).map(|()| Stop)
    }
}

// Marks: who the victim is, how many other tasks have begun, and what it all waits for.
const SUPERVISOR: usize = 1;
const TURN: usize = 2;
const GIVEN: usize = 3;
const VICTIM: usize = 4;
const DEAD: usize = 5;
const BEGUN: usize = 6;
/// How often each task was done.
const RUNS: usize = 10;

static IS_VICTIM: AtomicBool = AtomicBool::new(false);

fn stop_if_wanted() {
    if IS_VICTIM.load(Relaxed) {
        raise(Signal::SIGSTOP).unwrap();
    }
}

/// The one that is being done when the round begins.
fn first((): ()) -> Stop {
    marks()[RUNS] += 1;
    while marks()[GIVEN] == 0 {
        hint::spin_loop();
    }
    marks()[VICTIM] = process::id();
    IS_VICTIM.store(true, Relaxed);
    Stop
}

/// The same for a victim that takes the place of this worker.
fn exits((): ()) -> Stop {
    while marks()[GIVEN] == 0 {
        hint::spin_loop();
    }
    marks()[GIVEN] = 2;
    process::exit(3)
}

/// Stops a new worker that is to be the victim.
fn initialise() -> Result<(), String> {
    let mut marks = marks();
    if (marks[GIVEN], marks[VICTIM]) == (2, 0) {
        marks[VICTIM] = process::id();
        drop(marks);
        IS_VICTIM.store(true, Relaxed);
        stop_if_wanted();
    }
    Ok(())
}

/// It keeps the other worker away until the victim is dead.
fn other((): ()) {
    marks()[BEGUN] = 1;
    sleep_until_marked(DEAD);
}

/// Those that come then.
fn next((n, _): (usize, Stop)) -> usize {
    marks()[RUNS + n] += 1;
    marks()[BEGUN] += 1;
    sleep_until_marked(OPEN);
    n
}

/// How the owner waits.
#[derive(Clone, Copy)]
enum Waits {
    ForTheTask,
    InAnEventLoop,
}

impl Waits {
    fn get<R: DeserializeOwned>(
        self,
        pool: &Pool,
        task: &AsyncResult<R>,
    ) -> ipc_common::Result<Option<R>> {
        while matches!(self, Waits::InAnEventLoop) && !task.ready()? {
            assert_eq!(wait(&[&pool.fd()?], Some(DEADLINE))?, [0], "the result came in silence");
            pool.collect()?;
        }
        task.get_timeout(DEADLINE)
    }
}

/// Owns a pool of two, and gives it tasks, round by round, until it is told to go.
fn rounds(first: fn(()) -> Stop, waits: Waits) {
    let pool = Pool::builder().workers(2).initializer(initialise);
    let pool = pool.task_timeout(DEADLINE * 9).start().unwrap();
    marks()[SUPERVISOR] = supervisor();
    loop {
        until("the next round", || marks()[TURN] == 1);
        let other = pool.apply_async(other, ()).unwrap();
        until("the other worker", || marks()[BEGUN] == 1);
        let first = pool.apply_async(first, ()).unwrap();
        let next: Vec<_> = (1..=3).map(|n| pool.apply_async(next, (n, Stop)).unwrap()).collect();
        marks()[GIVEN] = 1;
        let account = |n: usize, result: ipc_common::Result<Option<()>>| {
            let (runs, victim) = {
                let marks = marks();
                (marks[RUNS + n], marks[VICTIM])
            };
            match result {
                Ok(done) => assert_eq!((done, runs), (Some(()), 1), "task {n}"),
                Err(Error::WorkerDied { pid, code: -9 }) if pid == victim => {
                    assert_eq!(runs, u32::from(n == 0), "task {n} is lost, and was done");
                    return 1;
                }
                Err(Error::WorkerDied { code: 3, .. }) if n == 0 => {}
                Err(error) => panic!("task {n}: {error}"),
            }
            0
        };
        // What comes late changes nothing.
        for _ in 0..2 {
            let mut lost = account(0, waits.get(&pool, &first).map(|done| done.map(drop)));
            for (n, task) in (1..).zip(&next) {
                let done = waits.get(&pool, task);
                lost += account(n, done.map(|done| done.map(|result| assert_eq!(result, n))));
            }
            assert!(lost <= 1, "a worker has one task in hand, not {lost}");
            waits.get(&pool, &other).unwrap().unwrap();
        }
        marks()[TURN] = 2;
    }
}

fn a_worker_killed_at_any_instruction_costs_its_task_at_most() {
    killed_at_every_instruction("between two tasks", first, Waits::ForTheTask);
}

fn a_worker_killed_at_any_instruction_of_its_start_costs_nothing() {
    killed_at_every_instruction("start of a worker", exits, Waits::ForTheTask);
}

fn an_event_loop_hears_of_all_whatever_a_worker_was_doing() {
    killed_at_every_instruction("between two tasks of an event loop", first, Waits::InAnEventLoop);
}

/// From the end of the first task, or the start of a worker in its place, to the beginning of the
/// next. Meanwhile the owner sleeps.
fn killed_at_every_instruction(name: &str, first: fn(()) -> Stop, waits: Waits) {
    marks().fill(0);
    let owner = start(|| rounds(first, waits));
    let supervisor = mark_at(SUPERVISOR);
    at_every_instruction(name, |n| {
        let reached_or_gone = |what: &str, is_so: &dyn Fn() -> bool| {
            until(&format!("{what} after instruction {n}"), || {
                is_so() || !owner.is_alive().unwrap()
            });
            assert!(owner.is_alive().unwrap(), "killed at instruction {n}");
        };
        marks().fill(0);
        marks()[TURN] = 1;
        let victim = mark_at(VICTIM);
        until("the stop", || is_stopped(victim));
        until("the owner's sleep", || is_in_poll(owner.pid()));
        let victim = Victim::seize(victim);
        let reached = victim.steps(n);
        // Before the supervisor sees that, the other worker has the next task in hand, or has done it;
        // or the supervisor comes first.
        let comes_late = n % 3 < 2;
        if comes_late {
            send(supervisor, Signal::SIGSTOP);
            until("the supervisor's stop", || is_stopped(supervisor));
        }
        victim.kill();
        if comes_late {
            let done = n as u32 % 3;
            marks()[OPEN] = done;
            marks()[DEAD] = 1;
            reached_or_gone("the other worker", &|| marks()[BEGUN] >= 2 + done);
            send(supervisor, Signal::SIGCONT);
        } else {
            reached_or_gone("a new worker", &|| marks()[BEGUN] >= 2);
            marks()[DEAD] = 1;
        }
        reached_or_gone("both workers", &|| marks()[BEGUN] >= 3);
        marks()[OPEN] = 1;
        reached_or_gone("the account", &|| marks()[TURN] == 2);
        reached
    });
    owner.kill().unwrap();
    assert_eq!(join(&owner), -9);
}
