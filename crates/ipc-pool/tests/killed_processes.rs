//! Pools whose processes are killed: at every instruction, in storms, one by one and all at once.
//! Every task is accounted for.

use std::hint;
use std::io::{self, PipeReader};
use std::process;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use ipc_common::{Child, Error, Pool, Process};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, kill, killpg, raise, signal};
use nix::unistd::{Pid, alarm, setpgid};
use testing::pool::{
    OPEN, OWN, held, is_stopped, mark_at, marks, pool, send, square, state_and_parent, supervisor,
};
use testing::processes::{DEADLINE, join, start, storm_of_signals, until};
use testing::signpost::read_to_end;
use testing::tests;

tests![
    a_worker_that_ends_in_a_task_costs_that_task,
    idle_workers_that_are_killed_cost_nothing,
    all_workers_are_killed_at_once,
    a_worker_killed_while_it_starts_is_replaced,
    a_stopped_worker_holds_nobody_up,
    a_killed_supervisor_ends_the_pool,
    a_killed_owner_leaves_nobody,
    an_interrupt_ends_all,
    a_storm_of_kills_is_accounted_for,
    no_ring_of_the_bell_is_lost,
    no_ring_of_the_bell_is_lost_in_a_storm_of_signals,
    no_ring_of_the_bell_is_lost_on_busy_processors,
];

#[track_caller]
fn died<T>(result: ipc_common::Result<T>, worker: u32, with: i32) {
    match result.map(drop).unwrap_err() {
        error @ Error::WorkerDied { pid, code } => {
            assert_eq!((pid, code), (worker, with));
            let says = format!("process {pid}, ended with exit code {code} ");
            assert!(error.to_string().contains(&says), "{error}");
        }
        error => panic!("{error}"),
    }
}

fn a_worker_that_ends_in_a_task_costs_that_task() {
    let pool = pool(2);
    let end = |how: i32| {
        marks()[OWN] = process::id();
        match how {
            0.. => process::exit(how),
            -6 => {
                setrlimit(Resource::RLIMIT_CORE, 0, 0).unwrap();
                process::abort()
            }
            _ => raise(Signal::try_from(-how).unwrap()).unwrap(),
        }
    };
    for how in [0, 3, -6, -9, -15].repeat(5) {
        let result = pool.apply(end, how);
        died(result, marks()[OWN], how);
        assert_eq!(pool.map(square, [1, 2, 3]).unwrap(), [1, 4, 9]);
    }
    // From outside, and in the middle of other tasks.
    let tasks: Vec<_> = (0..40).map(|n| pool.apply_async(square, n).unwrap()).collect();
    let task = pool.apply_async(held, OWN + 1).unwrap();
    let victim = mark_at(OWN + 1);
    send(victim, Signal::SIGKILL);
    died(task.get(), victim, -9);
    assert!((0..).zip(&tasks).all(|(n, task)| task.get().unwrap() == n * n));
}

fn all_are_held(pool: &Pool) -> Vec<u32> {
    let places = OWN..OWN + pool.workers();
    let tasks: Vec<_> = places.map(|place| pool.apply_async(held, place).unwrap()).collect();
    (0..tasks.len()).for_each(|i| assert_ne!(mark_at(OWN + i), 0));
    marks()[OPEN] = 1;
    let workers = tasks.iter().map(|task| task.get().unwrap()).collect();
    marks().fill(0);
    workers
}

fn idle_workers_that_are_killed_cost_nothing() {
    let pool = pool(3);
    let mut before = all_are_held(&pool);
    for round in 0..20 {
        before.iter().take(1 + round % 3).for_each(|&worker| send(worker, Signal::SIGKILL));
        assert_eq!(pool.map_chunks(square, 0..9, 1).unwrap()[8], 64);
        let now = all_are_held(&pool);
        assert!(before.iter().take(1 + round % 3).all(|worker| !now.contains(worker)));
        before = now;
    }
    pool.close();
    pool.join().unwrap();
}

fn all_workers_are_killed_at_once() {
    let pool = pool(4);
    for _ in 0..10 {
        let places = OWN..OWN + 4;
        let tasks = places.clone().map(|place| pool.apply_async(held, place).unwrap());
        let tasks: Vec<_> = tasks.collect();
        let others: Vec<_> = (0..20).map(|n| pool.apply_async(square, n).unwrap()).collect();
        let workers: Vec<u32> = places.map(mark_at).collect();
        workers.iter().for_each(|&worker| send(worker, Signal::SIGKILL));
        tasks.iter().zip(workers).for_each(|(task, worker)| died(task.get(), worker, -9));
        assert!((0..).zip(&others).all(|(n, task)| task.get().unwrap() == n * n));
        marks().fill(0);
    }
}

fn a_worker_killed_while_it_starts_is_replaced() {
    marks().fill(0);
    let pool = Pool::builder().workers(1).initializer(|| {
        let starts = marks()[OWN];
        marks()[OWN] += 1;
        if starts == 1 {
            raise(Signal::SIGKILL).unwrap();
        }
        Ok::<(), String>(())
    });
    let pool = pool.start().unwrap();
    send(pool.apply(|()| process::id(), ()).unwrap(), Signal::SIGKILL);
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
}

fn a_stopped_worker_holds_nobody_up() {
    let pool = pool(2);
    let task = pool.apply_async(held, OWN).unwrap();
    let stopped = mark_at(OWN);
    send(stopped, Signal::SIGSTOP);
    until("the stop", || is_stopped(stopped));
    marks()[OPEN] = 1;
    let others: Vec<_> = (0..200).map(|n| pool.apply_async(square, n).unwrap()).collect();
    for (n, other) in (0..).zip(&others) {
        assert_eq!(other.get_timeout(DEADLINE).unwrap(), Some(n * n));
    }
    assert!(!task.ready().unwrap());
    send(stopped, Signal::SIGCONT);
    assert_eq!(task.get_timeout(DEADLINE).unwrap(), Some(stopped));
}

fn a_killed_supervisor_ends_the_pool() {
    let (reader, writer) = io::pipe().unwrap();
    let pool = pool(3);
    drop(writer);
    let done = pool.apply_async(square, 3).unwrap();
    done.wait().unwrap();
    let tasks: Vec<_> = (0..5).map(|i| pool.apply_async(held, OWN + i).unwrap()).collect();
    (0..3).for_each(|i| assert_ne!(mark_at(OWN + i), 0));
    let supervisor = supervisor();
    let killer = start(|| {
        sleep(Duration::from_millis(20));
        send(supervisor, Signal::SIGKILL);
    });
    let begin = Instant::now();
    for task in &tasks {
        let error = task.get().unwrap_err();
        assert!(matches!(error, Error::PoolEnded { .. }), "{error}");
        assert!(error.to_string().contains("supervisor ended with code -9"), "{error}");
    }
    assert!(begin.elapsed() < Duration::from_secs(3), "took {:?}", begin.elapsed());
    assert_eq!(done.get().unwrap(), 9);
    assert!(matches!(pool.apply(square, 1), Err(Error::PoolEnded { .. })));
    assert!(matches!(pool.map(square, [1]), Err(Error::PoolEnded { .. })));
    read_to_end(reader);
    pool.close();
    assert!(matches!(pool.join(), Err(Error::PoolEnded { .. })));
    assert_eq!(join(&killer), 0);
}

/// A process that has a pool of three which are at work, and the end of all of them.
fn owner_of_a_pool(set_up: impl FnOnce()) -> (Child, PipeReader) {
    let (reader, writer) = io::pipe().unwrap();
    marks().fill(0);
    let owner = Process::new(move || {
        let _open_in_all_below = writer;
        alarm::set(60); // it is no daemon
        set_up();
        let pool = Pool::new(3).unwrap();
        let tasks: Vec<_> = (0..9).map(|i| pool.apply_async(held, OWN + i).unwrap()).collect();
        tasks[0].wait().unwrap();
    });
    let owner = owner.start().unwrap();
    (0..3).for_each(|i| assert_ne!(mark_at(OWN + i), 0));
    (owner, reader)
}

fn a_killed_owner_leaves_nobody() {
    for _ in 0..5 {
        let (owner, all) = owner_of_a_pool(|| ());
        owner.kill().unwrap();
        read_to_end(all);
        assert_eq!(join(&owner), -9);
    }
}

fn an_interrupt_ends_all() {
    for _ in 0..5 {
        let group = Pid::from_raw(0);
        let (owner, all) = owner_of_a_pool(|| {
            setpgid(group, group).unwrap();
            // SAFETY: no handler function is involved. (What a shell has put aside ignores it.)
            unsafe { signal(Signal::SIGINT, SigHandler::SigDfl) }.unwrap();
        });
        killpg(Pid::from_raw(owner.pid() as i32), Signal::SIGINT).unwrap();
        read_to_end(all);
        assert_eq!(join(&owner), -2);
    }
}

/// Somebody kills workers at random. (Such as have done a task: so they are known.)
fn a_storm_of_kills_is_accounted_for() {
    const WORKER: usize = 10;
    const KILLS: usize = 20;
    const COUNTS: usize = 100;
    const BATCH: usize = 2000;
    fn task(n: usize) -> usize {
        marks()[WORKER + n % 4] = process::id();
        marks()[COUNTS + n] += 1;
        n * n
    }
    let (reader, writer) = io::pipe().unwrap();
    let pool = pool(4);
    drop(writer);
    let supervisor = supervisor();
    let killer = start(|| {
        loop {
            let worker = std::mem::take(&mut marks()[WORKER + rand::random_range(0..4)]);
            if worker != 0
                && state_and_parent(worker).is_some_and(|(_, parent)| parent == supervisor)
            {
                marks()[KILLS] += 1;
                let _ = kill(Pid::from_raw(worker as i32), Signal::SIGKILL); // or it is gone by now
            }
            sleep(Duration::from_micros(rand::random_range(0..1500)));
        }
    });
    let (begin, mut lost) = (Instant::now(), 0);
    while begin.elapsed() < Duration::from_secs(2) {
        marks()[COUNTS..].fill(0);
        let tasks: Vec<_> = (0..BATCH).map(|n| pool.apply_async(task, n).unwrap()).collect();
        for (n, done) in tasks.iter().enumerate() {
            match done.get_timeout(DEADLINE) {
                Ok(result) => assert_eq!((result, marks()[COUNTS + n]), (Some(n * n), 1)),
                Err(Error::WorkerDied { code: -9, .. }) => {
                    lost += 1;
                    assert!(marks()[COUNTS + n] <= 1);
                }
                Err(error) => panic!("task {n}: {error}"),
            }
        }
    }
    killer.kill().unwrap();
    assert_eq!(join(&killer), -9);
    let kills = marks()[KILLS];
    println!("{kills} kills, {lost} tasks lost");
    assert!(kills > 300 && (1..=kills).contains(&lost));
    pool.close();
    pool.join().unwrap();
    read_to_end(reader);
}

/// On a machine that is busy with other things each turn waits for a processor, so that they are
/// fewer.
fn ping_pong(turns: u64) {
    let (pool, begin) = (pool(2), Instant::now());
    for n in (0..turns).take_while(|_| begin.elapsed() < DEADLINE) {
        let task = pool.apply_async(square, n).unwrap();
        assert_eq!(task.get_timeout(DEADLINE).unwrap(), Some(n * n));
    }
}

fn no_ring_of_the_bell_is_lost() {
    ping_pong(20_000);
}

fn no_ring_of_the_bell_is_lost_in_a_storm_of_signals() {
    let _storm = storm_of_signals();
    ping_pong(20_000);
}

fn no_ring_of_the_bell_is_lost_on_busy_processors() {
    let busy = || loop {
        hint::spin_loop();
    };
    let processors = thread::available_parallelism().unwrap().get();
    let _busy: Vec<Child> = (0..processors).map(|_| start(busy)).collect();
    ping_pong(4_000); // each takes long here
}
