//! Pools: what Python's test suite asks of them, and what goes wrong with tasks.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::process;
use std::sync::Barrier;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use ipc_common::{Error, Pool};
use nix::sys::signal::{SigHandler, Signal, signal};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use testing::harness::assert_no_children;
use testing::pool::{OPEN, OWN, held, mark_at, marks, pool, sleep_until_marked, square};
use testing::processes::{DEADLINE, LONG, join, start, until};
use testing::signpost::read_to_end;
use testing::tests;

tests![
    a_result_is_there_when_its_task_is_done,
    map_keeps_the_order_in_chunks_of_any_size,
    imap_takes_its_items_as_it_needs_them,
    imap_unordered_yields_each_once_and_the_first_first,
    an_iterator_that_panics_leaves_the_pool_alive,
    what_cannot_be_encoded_or_decoded_is_an_error,
    a_panic_is_an_error_with_its_message,
    an_error_of_a_task_is_its_result,
    close_and_join_do_all_that_was_given,
    terminate_does_not_wait_for_ten_thousand_tasks,
    a_drop_ends_tasks_that_do_not_want_to,
    workers_are_replaced_after_their_share,
    two_hundred_workers,
    numbers_that_make_no_sense_are_refused,
    an_initializer_runs_once_in_each_worker,
    a_failing_initializer_fails_the_start,
    an_initializer_that_fails_later_ends_the_pool,
    a_late_task_is_killed_alone,
    a_forked_child_has_no_pool,
    threads_may_come_after_the_pool,
    no_thread_sleeps_when_another_has_taken_its_result_in,
    large_arguments_and_results,
    results_are_dropped_or_left_for_long,
];

/// Counts itself here, and says which process does it.
const DONE: usize = OWN;

fn counted(_: u64) -> u32 {
    marks()[DONE] += 1;
    process::id()
}

fn when_open(n: u64) -> u64 {
    sleep_until_marked(OPEN);
    n
}

fn sleep_long(_: u64) {
    sleep(DEADLINE * 3);
}

/// The pool is as good as new.
#[track_caller]
fn is_well(pool: &Pool) {
    assert_eq!(pool.map(square, 0..20).unwrap(), (0..20).map(square).collect::<Vec<_>>());
}

#[track_caller]
fn says<T>(result: ipc_common::Result<T>, what: &str) {
    let error = result.map(drop).unwrap_err().to_string();
    assert!(error.contains(what), "{what}: {error}");
}

fn a_result_is_there_when_its_task_is_done() {
    let pool = pool(2);
    assert_eq!(pool.apply(square, 5).unwrap(), 25);
    assert_eq!(pool.apply(|(a, b): (String, Option<char>)| (b, a), ("x".into(), None)).unwrap(), {
        (None, "x".to_string())
    });
    let task = pool.apply_async(when_open, 7).unwrap();
    let (begin, timeout) = (Instant::now(), Duration::from_millis(60));
    assert_eq!(task.get_timeout(timeout).unwrap(), None);
    assert!(!task.wait_timeout(timeout).unwrap());
    assert!(begin.elapsed() >= 2 * timeout && begin.elapsed() < DEADLINE);
    assert!(!task.ready().unwrap());
    assert_eq!(task.successful().unwrap(), None);
    marks()[OPEN] = 1;
    task.wait().unwrap();
    assert!(task.ready().unwrap());
    assert_eq!(task.successful().unwrap(), Some(true));
    assert_eq!((task.get().unwrap(), task.get().unwrap()), (7, 7));
    assert_eq!(task.get_timeout(Duration::ZERO).unwrap(), Some(7));
}

fn map_keeps_the_order_in_chunks_of_any_size() {
    fn slowly(n: u64) -> u64 {
        sleep(Duration::from_micros(n * 7 % 5 * 100));
        n * n
    }
    let pool = pool(3);
    for len in [0, 1, 2, 12, 13, 100] {
        let squares: Vec<u64> = (0..len).map(square).collect();
        assert_eq!(pool.map(slowly, 0..len).unwrap(), squares);
        for size in [1, 2, 7, 99, usize::MAX] {
            assert_eq!(pool.map_chunks(slowly, 0..len, size).unwrap(), squares);
        }
        assert_eq!(pool.imap(slowly, 0..len).collect::<Result<Vec<_>, _>>().unwrap(), squares);
    }
    assert_eq!(pool.map(|(a, b): (u8, char)| format!("{a}{b}"), [(1, 'a')]).unwrap(), ["1a"]);
    let refused = pool.map_chunks(square, 0..3, 0).unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)), "{refused}");
}

fn imap_takes_its_items_as_it_needs_them() {
    let (pool, taken) = (pool(2), Cell::new(0));
    let endless = || (0_u64..).inspect(|n| taken.set(n + 1));
    let mut squares = pool.imap(square, endless());
    assert_eq!(taken.get(), 0);
    for n in 0..500 {
        assert_eq!(squares.next().unwrap().unwrap(), n * n);
        assert!(taken.get() <= n + 2 * 16, "{} are taken", taken.get());
    }
    drop(squares);
    for (n, square) in pool.imap_unordered(square, endless()).take(500).enumerate() {
        square.unwrap();
        assert!(taken.get() <= n as u64 + 2 * 16, "{} are taken", taken.get());
    }
    let errs = |n| if n == 3 { panic!("three") } else { n };
    for (n, result) in pool.imap(errs, 0..6).enumerate() {
        match n {
            3 => says(result, "three"),
            _ => assert_eq!(result.unwrap(), n),
        }
    }
}

fn imap_unordered_yields_each_once_and_the_first_first() {
    let pool = pool(2);
    assert!(pool.imap_unordered(square, []).next().is_none());
    let mut all: Vec<u64> = pool.imap_unordered(square, 0..300).map(|n| n.unwrap()).collect();
    all.sort();
    assert_eq!(all, (0..300).map(square).collect::<Vec<_>>());
    let mut results = pool.imap_unordered(|n| if n == 0 { when_open(n) } else { n }, 0..=20);
    let mut first: Vec<u64> = results.by_ref().take(20).map(|n| n.unwrap()).collect();
    first.sort();
    assert_eq!(first, (1..=20).collect::<Vec<_>>());
    marks()[OPEN] = 1;
    assert_eq!(results.next().unwrap().unwrap(), 0);
    assert!(results.next().is_none());
}

fn panic_in<T>(f: impl FnOnce() -> T) -> String {
    let payload: Box<dyn Any + Send> = catch_unwind(AssertUnwindSafe(f)).map(drop).unwrap_err();
    payload.downcast_ref::<&str>().unwrap().to_string()
}

fn an_iterator_that_panics_leaves_the_pool_alive() {
    let pool = pool(2);
    let broken = || {
        (0..10).inspect(|&n| {
            if n == 3 {
                panic!("at item 3")
            }
        })
    };
    for _ in 0..3 {
        assert_eq!(panic_in(|| pool.map(square, broken())), "at item 3");
        assert_eq!(panic_in(|| pool.map_chunks(square, broken(), 2)), "at item 3");
        assert_eq!(panic_in(|| pool.imap(square, broken()).count()), "at item 3");
        assert_eq!(panic_in(|| pool.imap_unordered(square, broken()).count()), "at item 3");
        is_well(&pool);
    }
}

/// Makes trouble on its way, each number another.
#[derive(Debug, PartialEq)]
struct Trouble(u8);

impl Serialize for Trouble {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            1 => Err(ser::Error::custom("not to be encoded")),
            2 => panic!("while it was encoded"),
            n => serializer.serialize_u8(n),
        }
    }
}

impl<'de> Deserialize<'de> for Trouble {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            3 => Err(de::Error::custom("not to be decoded")),
            4 => panic!("while it was decoded"),
            n => Ok(Trouble(n)),
        }
    }
}

fn what_cannot_be_encoded_or_decoded_is_an_error() {
    let pool = pool(1);
    let worker = pool.apply(counted, 0).unwrap();
    let (encode, decode) = (
        "cannot turn the item into bytes: not to be encoded; nothing was sent",
        "cannot turn the bytes into an item: not to be decoded; they are lost",
    );
    for _ in 0..20 {
        let result = pool.apply(Trouble, 1);
        assert!(matches!(&result, Err(Error::Encode(e)) if e.to_string() == "not to be encoded"));
        says(result, encode);
        is_well(&pool);
    }
    says(pool.apply(Trouble, 2), "panicked: while it was encoded");
    says(pool.apply(Trouble, 3), decode);
    assert_eq!(panic_in(|| pool.apply(Trouble, 4)), "while it was decoded");
    says(pool.apply(|_: Trouble| (), Trouble(1)), encode);
    assert_eq!(panic_in(|| pool.apply(|_: Trouble| (), Trouble(2))), "while it was encoded");
    let result = pool.apply(|_: Trouble| (), Trouble(3));
    assert!(matches!(&result, Err(Error::Decode(e)) if e.to_string() == "not to be decoded"));
    says(result, decode);
    says(pool.apply(|_: Trouble| (), Trouble(4)), "panicked: while it was decoded");
    // An error in the middle of a chunk is that of the map.
    says(pool.map_chunks(Trouble, [0, 5, 1, 6], 4), encode);
    says(pool.map_chunks(Trouble, [0, 5, 3, 6], 4), decode);
    assert_eq!(pool.map_chunks(Trouble, [0, 5], 4).unwrap(), [Trouble(0), Trouble(5)]);
    assert_eq!(pool.apply(counted, 0).unwrap(), worker, "it has survived it all");
}

fn a_panic_is_an_error_with_its_message() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the payload's destructor");
        }
    }
    let pool = pool(1);
    let worker = pool.apply(counted, 0).unwrap();
    type Panics = fn(u64);
    let tasks: [(Panics, &str); 4] = [
        (|_| panic!("a &str"), "a &str"),
        (|n| panic!("a String of {n}"), "a String of 9"),
        (|n| panic_any(n), "(no message)"),
        (|_| panic_any(Bomb), "(no message)"),
    ];
    for (task, message) in tasks {
        let task = pool.apply_async(task, 9).unwrap();
        says(task.get(), &format!("panicked: {message}"));
        assert!(matches!(task.get(), Err(Error::Panicked { message: m }) if m == message));
        assert_eq!(task.successful().unwrap(), Some(false));
        assert!(task.get_timeout(Duration::ZERO).is_err());
    }
    assert_eq!(pool.apply(counted, 0).unwrap(), worker);
}

fn an_error_of_a_task_is_its_result() {
    let task = |n: u32| n.checked_sub(5).ok_or("too small".to_string());
    let task = pool(1).apply_async(task, 3).map(|t| (t.get().unwrap(), t.successful().unwrap()));
    assert_eq!(task.unwrap(), (Err("too small".into()), Some(true)));
}

fn close_and_join_do_all_that_was_given() {
    let pool = pool(2);
    assert!(matches!(pool.join(), Err(Error::Invalid(_))));
    is_well(&pool);
    let tasks: Vec<_> = (0..50).map(|n| pool.apply_async(when_open, n).unwrap()).collect();
    let last = pool.apply_async(counted, 0).unwrap();
    pool.close();
    says(pool.apply_async(square, 1), "it was closed");
    says(pool.map(square, 0..3), "it was closed");
    says(pool.imap(square, 0..3).next().unwrap(), "it was closed");
    marks()[OPEN] = 1;
    pool.join().unwrap();
    pool.join().unwrap();
    assert_eq!(marks()[DONE], 1);
    assert!((0..).zip(&tasks).all(|(n, task)| task.get().unwrap() == n));
    assert!(last.ready().unwrap());
    pool.terminate().unwrap();
    assert!(matches!(pool.apply(square, 1), Err(Error::PoolEnded { .. })));
}

fn terminate_does_not_wait_for_ten_thousand_tasks() {
    let pool = pool(4);
    let tasks: Vec<_> = (0..10_000).map(|n| pool.apply_async(sleep_long, n).unwrap()).collect();
    let begin = Instant::now();
    pool.terminate().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(3), "took {:?}", begin.elapsed());
    says(tasks[0].get(), "it was terminated");
    assert!(tasks[9_999].ready().unwrap()); // to say that it will never be
    assert_eq!(tasks[9_999].successful().unwrap(), Some(false));
    pool.join().unwrap();
}

fn a_drop_ends_tasks_that_do_not_want_to() {
    let (reader, writer) = io::pipe().unwrap();
    let pool = pool(2);
    drop(writer);
    for _ in 0..2 {
        let stubborn = |n| {
            // SAFETY: no handler function is involved.
            unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.unwrap();
            counted(n);
            sleep_long(n);
        };
        pool.apply_async(stubborn, 0).unwrap();
    }
    until("both tasks", || marks()[DONE] == 2);
    let begin = Instant::now();
    drop(pool);
    assert!(begin.elapsed() < Duration::from_secs(3), "took {:?}", begin.elapsed());
    read_to_end(reader);
}

fn workers_are_replaced_after_their_share() {
    marks().fill(0);
    let pool = Pool::builder().workers(2).max_tasks_per_child(10).start().unwrap();
    let begin_and_end = [0, 100].map(|from| {
        let tasks: Vec<_> =
            (from..from + 100).map(|n| pool.apply_async(counted, n).unwrap()).collect();
        // Meanwhile this process makes no calls.
        until("all tasks", || marks()[DONE] as u64 == from + 100);
        tasks
    });
    let mut shares = HashMap::new();
    for task in begin_and_end.iter().flatten() {
        *shares.entry(task.get().unwrap()).or_insert(0) += 1;
    }
    assert!(shares.values().all(|&share| share <= 10), "{shares:?}");
    assert!(shares.values().filter(|&&share| share < 10).count() <= 2, "{shares:?}");
    // A chunk is a task.
    let pids = pool.map_chunks(counted, 0..100, 5).unwrap();
    assert!(pids.iter().all(|pid| pids.iter().filter(|other| pid == *other).count() <= 50));
}

fn two_hundred_workers() {
    let pool = pool(200);
    assert_eq!(pool.workers(), 200);
    assert_eq!(pool.map(square, 0..1000).unwrap().iter().sum::<u64>(), 332_833_500);
}

fn numbers_that_make_no_sense_are_refused() {
    let builder = Pool::builder;
    for pool in [
        builder().workers(0),
        builder().workers(1025),
        builder().workers(usize::MAX),
        builder().workers(1).max_tasks_per_child(0),
        builder().workers(1).task_timeout(Duration::ZERO),
    ] {
        assert!(matches!(pool.start(), Err(Error::Invalid(_))));
    }
    let pool = builder().task_timeout(Duration::MAX).start().unwrap();
    assert_eq!(pool.workers(), thread::available_parallelism().unwrap().get());
    is_well(&pool);
}

fn an_initializer_runs_once_in_each_worker() {
    static STATE: AtomicU32 = AtomicU32::new(0);
    marks().fill(0);
    let state = 7; // borrowed
    let pool = Pool::builder().workers(3).max_tasks_per_child(2).initializer(|| {
        STATE.fetch_add(state, Relaxed);
        marks()[DONE] += 1;
        Ok::<(), String>(())
    });
    let pool = pool.start().unwrap();
    assert_eq!((marks()[DONE], STATE.load(Relaxed)), (3, 0));
    let states = pool.map_chunks(|_| STATE.load(Relaxed), [(); 30], 1).unwrap();
    assert_eq!(states, [7; 30]);
}

fn a_failing_initializer_fails_the_start() {
    type Initializer = fn() -> Result<(), &'static str>;
    let initializers: [(Initializer, &str); 4] = [
        (|| Err("no database"), "the initializer failed: no database"),
        (|| panic!("oh no"), "the initializer failed: it panicked: oh no"),
        (|| process::exit(7), "ended with exit code 7 before it was initialised"),
        (|| process::abort(), "ended with exit code -6 before it was initialised"),
    ];
    for (initializer, why) in initializers {
        let mut fastest = Duration::MAX;
        for workers in [1, 4].repeat(4) {
            let (reader, writer) = io::pipe().unwrap();
            let begin = Instant::now();
            let pool = Pool::builder().workers(workers).initializer(initializer).start();
            fastest = fastest.min(begin.elapsed());
            drop(writer);
            assert!(matches!(pool, Err(Error::PoolEnded { .. })));
            says(pool, why);
            assert_no_children();
            read_to_end(reader);
        }
        assert!(fastest < Duration::from_millis(700), "it waits the second that orphans have");
    }
}

fn an_initializer_that_fails_later_ends_the_pool() {
    marks().fill(0);
    let (reader, writer) = io::pipe().unwrap();
    let pool = Pool::builder().workers(1).max_tasks_per_child(1).initializer(|| {
        marks()[DONE] += 1;
        if marks()[DONE] == 1 { Ok(()) } else { Err("no more of them") }
    });
    let pool = pool.start().unwrap();
    drop(writer);
    let mut tasks: Vec<_> = (0..5).map(|n| pool.apply_async(square, n).unwrap()).collect();
    read_to_end(reader); // all have ended, and this process has not made a call since
    assert_eq!(tasks.remove(0).get().unwrap(), 0);
    tasks.iter().for_each(|task| says(task.get(), "pool: the initializer failed: no more of them"));
    says(pool.apply(square, 1), "no more of them");
    pool.close();
    says(pool.join(), "no more of them");
}

fn a_late_task_is_killed_alone() {
    marks().fill(0);
    let limit = Duration::from_millis(1500);
    let pool = Pool::builder().workers(2).task_timeout(limit).start().unwrap();
    let tasks = [OWN, OWN + 1].map(|place| pool.apply_async(held, place).unwrap());
    let pids = [OWN, OWN + 1].map(mark_at);
    marks()[OPEN] = 1;
    assert_eq!(tasks.each_ref().map(|task| task.get().unwrap()), pids);
    sleep(limit * 3 / 2); // an idle worker has no limit
    let late = pool.apply_async(sleep_long, 0).unwrap();
    let others: Vec<_> = (0..30).map(|n| pool.apply_async(square, n).unwrap()).collect();
    let begin = Instant::now();
    let error = late.get().unwrap_err();
    assert!(begin.elapsed() < limit * 5, "took {:?}", begin.elapsed());
    assert!(
        matches!(error, Error::TaskTimeout { pid, limit: l } if l == limit && pids.contains(&pid)),
        "{error} {pids:?}"
    );
    assert!((0..).zip(&others).all(|(n, task)| task.get().unwrap() == n * n));
    is_well(&pool);
}

fn a_forked_child_has_no_pool() {
    let pool = pool(1);
    let task = pool.apply_async(square, 3).unwrap();
    let child = start(|| {
        let refusals = [
            pool.apply_async(square, 1).map(drop),
            pool.map(square, [1]).map(drop),
            pool.imap(square, [1]).next().unwrap().map(drop),
            pool.imap_unordered(square, [1]).next().unwrap().map(drop),
            task.get().map(drop),
            task.wait(),
            task.ready().map(drop),
            pool.join(),
            pool.terminate(),
        ];
        for refused in refusals {
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
        pool.close();
    });
    assert_eq!(join(&child), 0);
    assert_eq!(task.get().unwrap(), 9);
    is_well(&pool);
    // Nor does it end with a child that has a copy of it.
    drop(task);
    let pool = Cell::new(Some(pool));
    assert_eq!(join(&start(|| drop(pool.take()))), 0);
    is_well(&pool.take().unwrap());
}

fn threads_may_come_after_the_pool() {
    let pool = pool(1);
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || receiver.recv());
        assert!(matches!(Pool::new(1), Err(Error::Threads { threads: 2, .. })));
        says(pool.apply(|code| -> () { process::exit(code) }, 3), "ended with exit code 3");
        is_well(&pool);
        drop(sender);
    });
}

fn large_arguments_and_results() {
    let pool = pool(2);
    let text = "x".repeat(32 << 20);
    let tasks = [1, 2].map(|_| pool.apply_async(|text: String| text + "y", text.clone()).unwrap());
    for task in tasks {
        let result = task.get().unwrap();
        assert!(result.len() == text.len() + 1 && result.ends_with("xy"));
    }
}

fn results_are_dropped_or_left_for_long() {
    let pool = pool(2);
    let left: Vec<_> =
        (0..1000).map(|n| pool.apply_async(|n| n.to_string().repeat(20_000), n).unwrap()).collect();
    for n in 0..100_000 {
        drop(pool.apply_async(counted, n).unwrap());
    }
    until("all tasks", || marks()[DONE] == 100_000);
    for (n, task) in left.iter().enumerate() {
        assert_eq!(task.get().unwrap(), n.to_string().repeat(20_000));
    }
    pool.close();
    pool.join().unwrap();
}

/// Just before it would sleep for it. (The moment is short: a pause in the code, before the workers are
/// told that the pool sleeps, makes it long.)
fn no_thread_sleeps_when_another_has_taken_its_result_in() {
    let pool = pool(2);
    for round in 0..2000 {
        let barrier = Barrier::new(2);
        let waits = |pause: u64| {
            barrier.wait();
            let task = pool.apply_async(square, 3).unwrap();
            sleep(Duration::from_micros(pause));
            assert_eq!(task.get_timeout(LONG).unwrap(), Some(9));
        };
        thread::scope(|scope| {
            scope.spawn(|| waits(0));
            scope.spawn(|| waits(round % 200));
        });
    }
}
