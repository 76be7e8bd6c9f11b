//! Pools, while nothing dies.

use std::time::Duration;

use ipc_redis::{Error, Pool, Task, Worker};
use testing::processes::{join, kill_and_join, start};

use crate::server::Server;

testing::tests![
    tasks_are_done,
    failures_are_told,
    results_go_to_their_owner,
    a_task_that_is_not_wanted_any_more,
    a_pool_that_was_closed,
];

const ADD: Task<(u64, u64), u64> = Task::new("add", 2, |(a, b)| a + b);
const DIVIDE: Task<u32, u32> = Task::new("divide", 1, |by| 100 / by);
const TOO_LARGE: Task<(), String> = Task::new("too-large", 1, |()| "x".repeat(17 << 20));
const UNKNOWN: Task<u32, u32> = Task::new("unknown", 3, |n| n);
const OLD_DIVIDE: Task<String, u32> = Task::new("divide", 1, |_| 0);

fn worker(url: &str) -> Worker {
    Worker::connect(url, "p").unwrap().task(ADD).task(DIVIDE).task(TOO_LARGE)
}

fn tasks_are_done() {
    let server = Server::start(&[]);
    let url = server.url();
    let pool = Pool::connect(&url, "p").unwrap();
    let workers = [0; 2].map(|_| start(|| worker(&url).run().unwrap()));
    assert_eq!(pool.apply(ADD, (2, 3)).unwrap(), 5);
    let sums = pool.map(ADD, (0..1_500).map(|n| (n, 1))).unwrap();
    assert!(sums.into_iter().eq(1..=1_500));
    let later = pool.apply_async(ADD, (4, 5)).unwrap();
    assert_eq!((later.get().unwrap(), later.get().unwrap()), (9, 9));
    pool.close();
    pool.join().unwrap();
    workers.iter().for_each(kill_and_join);
    drop(later);
    drop(pool);
    let keys = server.cli(&["keys", "*results*"]);
    assert_eq!(keys.trim(), "", "the owner's results go with it");
}

fn failures_are_told() {
    let server = Server::start(&[]);
    let pool = Pool::connect(&server.url(), "p").unwrap();
    let worker = worker(&server.url());
    let run = || assert!(worker.run_one(Duration::ZERO).unwrap());
    let task = pool.apply_async(DIVIDE, 0).unwrap();
    assert!(!task.ready().unwrap());
    assert_eq!(task.get_timeout(Duration::from_millis(10)).unwrap(), None);
    run();
    let panicked = task.get().unwrap_err().to_string();
    assert!(panicked.contains("attempt to divide by zero"), "{panicked}");
    let task = pool.apply_async(UNKNOWN, 0).unwrap();
    run();
    assert!(matches!(task.get(), Err(Error::UnknownTask { version: 3, .. })));
    let task = pool.apply_async(OLD_DIVIDE, "by zero".into()).unwrap();
    run();
    assert!(matches!(task.get(), Err(Error::Local(_))));
    let task = pool.apply_async(TOO_LARGE, ()).unwrap();
    run();
    assert!(matches!(task.get(), Err(Error::Local(_))));
    let task = pool.apply_async(DIVIDE, 7).unwrap();
    run();
    assert_eq!(task.get().unwrap(), 14);
}

fn results_go_to_their_owner() {
    let server = Server::start(&[]);
    let url = server.url();
    let workers = [0; 2].map(|_| start(|| worker(&url).run().unwrap()));
    let owners: Vec<_> = (0..3)
        .map(|owner| {
            let url = &url;
            start(move || {
                let pool = Pool::connect(url, "p").unwrap().bound(10).unwrap();
                let tasks: Vec<_> =
                    (0..100).map(|n| pool.apply_async(ADD, (1_000 * owner, n)).unwrap()).collect();
                for (n, task) in tasks.iter().enumerate().rev() {
                    assert_eq!(task.get().unwrap(), 1_000 * owner + n as u64);
                }
            })
        })
        .collect();
    owners.iter().for_each(|owner| assert_eq!(join(owner), 0));
    workers.iter().for_each(kill_and_join);
}

fn a_task_that_is_not_wanted_any_more() {
    let server = Server::start(&[]);
    let pool = Pool::connect(&server.url(), "p").unwrap();
    drop(pool.apply_async(ADD, (1, 1)).unwrap());
    let second = pool.apply_async(ADD, (2, 2)).unwrap();
    let worker = worker(&server.url());
    while worker.run_one(Duration::ZERO).unwrap() {}
    assert_eq!(second.get().unwrap(), 4);
    pool.close();
    pool.join().unwrap();
}

fn a_pool_that_was_closed() {
    let server = Server::start(&[]);
    let pool = Pool::connect(&server.url(), "p").unwrap();
    assert!(matches!(pool.join(), Err(Error::Invalid(_))));
    pool.close();
    assert!(matches!(pool.apply(ADD, (1, 1)), Err(Error::Invalid(_))));
    pool.join().unwrap();
    let copy = start(|| {
        let error = pool.apply(ADD, (1, 1)).unwrap_err().to_string();
        assert!(error.contains("for the process that connected"), "{error}");
    });
    assert_eq!(join(&copy), 0);
}
