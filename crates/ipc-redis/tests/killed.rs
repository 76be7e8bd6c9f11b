//! Consumers, producers and workers that are killed.

use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Array, Child, Value};
use ipc_redis::{JoinableQueue, Lock, Pool, Task, Worker};
use testing::processes::{join, kill_and_join, median, start, until};

use crate::server::Server;

testing::tests![
    items_of_a_killed_consumer_go_to_one_that_waits,
    items_of_a_killed_consumer_go_to_one_that_is_busy,
    a_thousand_consumers_killed_at_random,
    killed_producers_leave_the_room_to_others,
    the_lock_of_a_killed_holder,
    a_killed_worker_costs_no_task,
    a_task_that_kills_its_workers_ends,
];

/// Takes an item and keeps it.
fn holder(url: &str, holds: &Value<u32>) -> Child {
    let child = start(|| {
        let queue = JoinableQueue::<u32>::connect(url, "q").unwrap();
        let _item = queue.get().unwrap();
        *holds.lock().unwrap() += 1;
        thread::park();
    });
    until("an item in hand", || *holds.lock().unwrap() > 0);
    child
}

fn items_of_a_killed_consumer_go_to_one_that_waits() {
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::connect(&url, "q").unwrap();
    let mut took = Vec::new();
    for n in 0..50 {
        let holds = Value::new(0).unwrap();
        queue.put(&n).unwrap();
        let victim = holder(&url, &holds);
        let got = Value::new(0).unwrap();
        let other = start(|| {
            let queue = JoinableQueue::<u32>::connect(&url, "q").unwrap();
            let item = queue.get().unwrap();
            *got.lock().unwrap() = 1;
            assert_eq!((*item, item.deliveries()), (n, 2));
            item.done().unwrap();
        });
        until("the wait", || server.cli(&["info", "clients"]).contains("blocked_clients:1"));
        thread::sleep(Duration::from_micros(rand::random_range(0..100_000)));
        let killed = Instant::now();
        victim.kill().unwrap();
        until("the item", || *got.lock().unwrap() == 1);
        took.push(killed.elapsed().as_micros() as u64);
        assert_eq!(join(&victim), -9);
        assert_eq!(join(&other), 0);
    }
    let longest = took.iter().max().copied().unwrap_or(0);
    println!("given to another after {} us, at most {longest}", median(took));
    queue.join_timeout(Duration::ZERO).unwrap();
}

/// One that never waits has to look, too.
fn items_of_a_killed_consumer_go_to_one_that_is_busy() {
    let server = Server::start(&[]);
    let url = server.url();
    let holds = Value::new(0).unwrap();
    let queue = JoinableQueue::connect(&url, "q").unwrap();
    queue.put(&u32::MAX).unwrap();
    kill_and_join(&holder(&url, &holds));
    until("the item of the dead", || {
        queue.put(&1).unwrap();
        let item = queue.get().unwrap();
        let is_it = *item == u32::MAX;
        item.done().unwrap();
        is_it
    });
}

fn a_thousand_consumers_killed_at_random() {
    const KILLS: usize = 1_000;
    const AT_ONCE: usize = 3;
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::connect(&url, "q").unwrap();
    let begun = Array::new(&[0_u32; 3 * KILLS]).unwrap();
    let done = Array::new(&[0_u32; 3 * KILLS]).unwrap();
    let consumer = || {
        start(|| {
            let queue = JoinableQueue::<u32>::connect(&url, "q").unwrap();
            loop {
                let item = queue.get().unwrap();
                let n = *item as usize;
                begun.lock().unwrap()[n] += 1;
                item.done().unwrap();
                done.lock().unwrap()[n] += 1;
            }
        })
    };
    let mut consumers: Vec<Child> = (0..AT_ONCE).map(|_| consumer()).collect();
    for n in 0..KILLS {
        let n = n as u32;
        queue.put_many(&[3 * n, 3 * n + 1, 3 * n + 2]).unwrap();
        thread::sleep(Duration::from_micros(rand::random_range(0..3_000)));
        let victim = rand::random_range(0..AT_ONCE);
        kill_and_join(&consumers[victim]);
        consumers[victim] = consumer();
    }
    queue.join_timeout(Duration::from_secs(60)).unwrap();
    consumers.iter().for_each(kill_and_join);
    let (begun, done) = (begun.lock().unwrap(), done.lock().unwrap());
    assert_eq!(begun.iter().position(|&times| times == 0), None, "lost");
    assert_eq!(done.iter().position(|&times| times > 1), None, "done twice");
    let again = begun.iter().sum::<u32>() as usize - begun.len();
    assert!(again <= KILLS, "{again} items were begun again");
    println!("{again} items were begun again");
}

fn killed_producers_leave_the_room_to_others() {
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::<u32>::connect(&url, "q").unwrap().bound(1).unwrap();
    let producer = || {
        start(|| {
            let queue = JoinableQueue::connect(&url, "q").unwrap();
            loop {
                queue.put(&1).unwrap();
            }
        })
    };
    let mut producers = [producer(), producer()];
    for n in 0..50 {
        queue.get().unwrap().done().unwrap();
        kill_and_join(&producers[n % 2]); // woken or waiting
        producers[n % 2] = producer();
        queue.get().unwrap().done().unwrap();
    }
    producers.iter().for_each(kill_and_join);
}

fn the_lock_of_a_killed_holder() {
    let server = Server::start(&[]);
    let url = server.url();
    let lock = Lock::connect(&url, "l").unwrap();
    let mut last = 0;
    for _ in 0..20 {
        let holds = Value::new(0_u64).unwrap();
        let victim = start(|| {
            let lock = Lock::connect(&url, "l").unwrap();
            let guard = lock.lock().unwrap();
            *holds.lock().unwrap() = guard.fence();
            thread::park();
        });
        until("the lock's holder", || *holds.lock().unwrap() > last);
        assert!(lock.try_lock().unwrap().is_none());
        kill_and_join(&victim);
        let guard = lock.lock().unwrap();
        assert!(guard.fence() > *holds.lock().unwrap());
        last = guard.fence();
        guard.unlock().unwrap();
    }
}

const SLOW: Task<u64, u64> = Task::new("slow", 1, |n| {
    thread::sleep(Duration::from_micros(500));
    2 * n
});

fn a_killed_worker_costs_no_task() {
    let server = Server::start(&[]);
    let url = server.url();
    let pool = Pool::connect(&url, "p").unwrap();
    // A task may be hit three times in a row, which is not what is tried here.
    let worker =
        || start(|| Worker::connect(&url, "p").unwrap().attempts(100).task(SLOW).run().unwrap());
    let mut workers = [worker(), worker()];
    for round in 0..100 {
        let tasks = [0, 1, 2, 3].map(|n| pool.apply_async(SLOW, 4 * round + n).unwrap());
        thread::sleep(Duration::from_micros(rand::random_range(0..5_000)));
        let victim = rand::random_range(0..2);
        kill_and_join(&workers[victim]);
        workers[victim] = worker();
        for (n, task) in tasks.iter().enumerate() {
            assert_eq!(task.get().unwrap(), 2 * (4 * round + n as u64));
        }
    }
    workers.iter().for_each(kill_and_join);
    pool.close();
    pool.join().unwrap();
}

const DEADLY: Task<(), ()> = Task::new("deadly", 1, |()| std::process::abort());

fn a_task_that_kills_its_workers_ends() {
    let server = Server::start(&[]);
    let url = server.url();
    let pool = Pool::connect(&url, "p").unwrap();
    let task = pool.apply_async(DEADLY, ()).unwrap();
    let worker =
        || start(|| Worker::connect(&url, "p").unwrap().attempts(2).task(DEADLY).run().unwrap());
    assert_eq!(join(&worker()), -6);
    assert_eq!(join(&worker()), -6);
    let third = worker();
    let error = task.get().unwrap_err();
    assert!(error.to_string().starts_with("cannot finish the task: 2 workers died"), "{error}");
    kill_and_join(&third);
}
