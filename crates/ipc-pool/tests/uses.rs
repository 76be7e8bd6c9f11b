//! What programs do with pools: closures that borrow, results in structs, threads.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use ipc_common::{Array, AsyncResult, ClosurePool, Error, Pool, Queue};
use nix::sys::signal::Signal;
use testing::pool::{OPEN, OWN, held, mark_at, marks, pool, send, square};
use testing::processes::{DEADLINE, until};
use testing::tests;

tests![
    a_closure_borrows_what_was_there_before,
    a_closures_workers_are_replaced_with_what_they_borrow,
    a_closure_pool_does_other_tasks_too,
    a_struct_holds_a_pool_and_its_results,
    threads_give_tasks_and_wait_for_them,
    a_thread_that_leaves_lets_another_listen,
    a_map_that_is_not_waited_for,
    results_come_with_their_items_places,
    a_task_has_a_limit_of_its_own,
    workers_have_ids,
];

fn a_closure_borrows_what_was_there_before() {
    let table: Vec<String> = (0..100).map(|n| format!("{n}!")).collect();
    let (sums, queue) = (Array::new(&[0_u64; 2]).unwrap(), Queue::new().unwrap());
    let work = |n: usize| {
        sums.lock().unwrap()[n % 2] += n as u64;
        queue.put(&process::id()).unwrap();
        if n == 13 { panic!("unlucky") } else { table[n].clone() }
    };
    let pool = ClosurePool::new(2, work).unwrap();
    assert_eq!(pool.apply(7).unwrap(), "7!");
    assert_eq!(pool.map([1, 3]).unwrap(), ["1!", "3!"]);
    assert_eq!(pool.map_chunks([5, 6, 7], 2).unwrap().concat(), "5!6!7!");
    assert!(matches!(pool.apply(13), Err(Error::Panicked { .. })));
    let texts: Vec<String> = pool.imap(20..30).map(Result::unwrap).collect();
    assert_eq!(texts, table[20..30]);
    let mut texts: Vec<String> = pool.imap_unordered(20..30).map(Result::unwrap).collect();
    texts.sort();
    assert_eq!(texts, table[20..30]);
    assert_eq!(sums.lock().unwrap()[1], 7 + 1 + 3 + 5 + 7 + 13 + 2 * (21 + 23 + 25 + 27 + 29));
    let workers = pool.worker_pids();
    assert!(queue.len() == 27 && (0..27).all(|_| workers.contains(&queue.get().unwrap())));
}

fn a_closures_workers_are_replaced_with_what_they_borrow() {
    let text = String::from("still there");
    let builder = Pool::builder().workers(1).max_tasks_per_child(2);
    let pool = builder.start_with(|n: usize| (process::id(), text[n..].to_string())).unwrap();
    let (first, _) = pool.apply(0).unwrap();
    send(first, Signal::SIGKILL);
    let next = loop {
        match pool.apply(6) {
            Err(Error::WorkerDied { pid, code: -9 }) if pid == first => {}
            next => break next.unwrap(),
        }
    };
    assert_eq!(next.1, "there");
    let others: Vec<_> = pool.imap(0..5).map(Result::unwrap).collect();
    assert!(others.iter().all(|(pid, _)| *pid != first) && others[4].1 == "l there");
    assert!(others.iter().any(|(pid, _)| *pid != next.0));
}

fn a_closure_pool_does_other_tasks_too() {
    let factor = 3;
    let pool = ClosurePool::new(2, |n: u64| n * factor).unwrap();
    let other = Pool::apply_async(&pool, square, 5).unwrap();
    assert_eq!((pool.apply(5).unwrap(), other.get().unwrap()), (15, 25));
    pool.close();
    pool.join().unwrap();
}

fn a_struct_holds_a_pool_and_its_results() {
    struct Work {
        pool: Pool,
        results: Vec<AsyncResult<u64>>,
    }
    let mut work = Work { pool: pool(2), results: Vec::new() };
    work.results.extend((0..3).map(|n| work.pool.apply_async(square, n).unwrap()));
    assert_eq!(work.results[2].get().unwrap(), 4);
    let late = work.pool.apply_async(held, OWN).unwrap();
    mark_at(OWN);
    drop(work.pool);
    assert_eq!(work.results[2].get().unwrap(), 4);
    assert!(matches!(late.get(), Err(Error::PoolEnded { .. })));
    assert!(matches!(late.get_timeout(Duration::ZERO), Err(Error::PoolEnded { .. })));
    assert!(late.ready().unwrap());
}

fn threads_give_tasks_and_wait_for_them() {
    let (pool, sum) = (pool(2), AtomicU64::new(0));
    thread::scope(|threads| {
        for thread in 0..6 {
            let (pool, sum) = (&pool, &sum);
            threads.spawn(move || {
                for n in thread * 100..(thread + 1) * 100 {
                    assert_eq!(pool.apply(square, n).unwrap(), n * n);
                    sum.fetch_add(n, Relaxed);
                }
                let squares: Vec<u64> = pool.map(square, thread..thread + 20).unwrap();
                assert_eq!(squares, (thread..thread + 20).map(square).collect::<Vec<_>>());
                let panics = pool.apply(|n: u64| assert!(n == 1_000_000), thread);
                assert!(matches!(panics, Err(Error::Panicked { .. })));
            });
        }
    });
    assert_eq!(sum.into_inner(), (0..600).sum());
}

/// The first to wait listens for all. Whether its own result comes or its time is up: the others hear
/// of theirs.
fn a_thread_that_leaves_lets_another_listen() {
    let pool = pool(3);
    let [first, second] = [OWN, OWN + 1].map(|place| pool.apply_async(held, place).unwrap());
    let listener = pool.apply_async(|()| (), ()).unwrap();
    mark_at(OWN);
    mark_at(OWN + 1);
    thread::scope(|threads| {
        let short = Duration::from_millis(20);
        threads.spawn(move || while first.get_timeout(short).unwrap().is_none() {});
        threads.spawn(move || assert!(second.get_timeout(DEADLINE).unwrap().is_some()));
        threads.spawn(move || listener.get().unwrap());
        thread::sleep(3 * short); // all of them have waited, in whichever order
        marks()[OPEN] = 1;
    });
}

fn a_map_that_is_not_waited_for() {
    let pool = pool(2);
    let squares = pool.map_async(square, 0..100).unwrap();
    let none = pool.map_async(square, []).unwrap();
    assert_eq!((none.ready().unwrap(), none.get().unwrap()), (true, vec![]));
    assert_eq!(squares.get().unwrap(), (0..100).map(square).collect::<Vec<_>>());
    let fails = pool.map_async(|n: u64| 1 / n, [1, 0]).unwrap();
    assert!(matches!(fails.get(), Err(Error::Panicked { .. })));
    let late = pool.map_async(held, [OWN, OWN + 1]).unwrap();
    assert_eq!(late.get_timeout(Duration::from_millis(10)).unwrap(), None);
    marks()[OPEN] = 1;
    assert_eq!(late.get().unwrap().len(), 2);
}

fn results_come_with_their_items_places() {
    let pool = pool(2);
    let results = pool.imap_unordered_indexed(|n: u64| 100 / n, [5, 0, 2, 0]);
    let mut results: Vec<_> = results.map(|(place, result)| (place, result.ok())).collect();
    results.sort();
    assert_eq!(results, [(0, Some(20)), (1, None), (2, Some(50)), (3, None)]);
}

fn a_task_has_a_limit_of_its_own() {
    let short = Duration::from_millis(50);
    let pool = pool(2);
    let none = pool.apply_async_within(Duration::ZERO, square, 1);
    assert!(matches!(none, Err(Error::Invalid(_))));
    let [late, other] = [OWN, OWN + 1].map(|place| match place {
        OWN => pool.apply_async_within(short, held, place).unwrap(),
        _ => pool.apply_async(held, place).unwrap(),
    });
    let killed = mark_at(OWN);
    let error = late.get().unwrap_err();
    let Error::TaskTimeout { pid, limit } = error else { panic!("{error}") };
    assert_eq!((pid, limit), (killed, short));
    // A limit is over with its task.
    assert_eq!(pool.apply_async_within(short, square, 3).unwrap().get().unwrap(), 9);
    let next = pool.apply_async(held, OWN + 2).unwrap();
    mark_at(OWN + 2);
    assert!(!next.wait_timeout(2 * short).unwrap());
    marks()[OPEN] = 1;
    assert_eq!((next.get().unwrap(), other.get().unwrap()), (mark_at(OWN + 2), mark_at(OWN + 1)));
    // It stands in place of the pool's own.
    let builder = Pool::builder().workers(1).task_timeout(DEADLINE);
    let pool = builder.start().unwrap();
    marks().fill(0);
    let late = pool.apply_async_within(short, held, OWN).unwrap().get();
    assert!(matches!(late, Err(Error::TaskTimeout { limit, .. }) if limit == short));
}

fn workers_have_ids() {
    let pool = pool(2);
    let tasks = [OWN, OWN + 1].map(|place| pool.apply_async(held, place).unwrap());
    let mut workers = [mark_at(OWN), mark_at(OWN + 1)];
    let ids = || {
        let mut ids = pool.worker_pids();
        ids.sort();
        ids
    };
    workers.sort();
    assert_eq!(ids(), workers);
    send(workers[0], Signal::SIGKILL);
    until("another", || ids().len() == 2 && !ids().contains(&workers[0]));
    assert!(ids().contains(&workers[1]));
    marks()[OPEN] = 1;
    let done = tasks.iter().filter(|task| task.get().is_ok()).count();
    assert_eq!(done, 1);
}
