//! Servers that are killed and started again on the same data.

use std::thread;
use std::time::Duration;

use ipc_common::{Array, Value};
use ipc_redis::{Error, JoinableQueue, Lock, Pool, Task, Worker};
use testing::processes::{DEADLINE, join, kill_and_join, start, until};

use crate::server::Server;

testing::tests![
    killed_with_everysec,
    killed_with_always,
    a_pool_outlives_its_server,
    a_lock_outlives_its_server,
    data_is_lost
];

const ITEMS: usize = 3_000;
const KILLS: u32 = 20;

/// With `always`, what was acknowledged is on the disk: nothing is lost, and nothing comes twice to a
/// consumer whose connections were cut but that lived on.
fn killed_with_always() {
    let (put, begun) = put_and_get_while_killed("always");
    let expected: Vec<u32> = (0..ITEMS).map(|n| u32::from(n < put)).collect();
    let wrong = begun.iter().zip(&expected).position(|(times, expected)| times != expected);
    assert_eq!(wrong.map(|n| (n, begun[n])), None, "{put} were put");
}

/// With `everysec`, the server may forget what it did in the last two seconds: then items are lost, or
/// come again. All go on.
fn killed_with_everysec() {
    let (put, begun) = put_and_get_while_killed("everysec");
    let lost = begun[..put].iter().filter(|&&times| times == 0).count();
    let again = begun[..put].iter().filter(|&&times| times > 1).count();
    println!("of {put} items {lost} were lost, and {again} came again");
}

/// Returns how many items were put, and how often each was begun by the one consumer.
fn put_and_get_while_killed(fsync: &str) -> (usize, Vec<u32>) {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", fsync]);
    let url = server.url();
    let (begun, stop) = (Array::new(&[0_u32; ITEMS]).unwrap(), Value::new(0).unwrap());
    let put = Value::new(0_usize).unwrap();
    let producer = start(|| {
        let queue = JoinableQueue::connect(&url, "q").unwrap().patience(DEADLINE);
        for n in 0..ITEMS {
            if *stop.lock().unwrap() == 1 {
                break;
            }
            queue.put(&n).unwrap();
            *put.lock().unwrap() = n + 1;
        }
    });
    let consumer = start(|| {
        let queue = JoinableQueue::<usize>::connect(&url, "q").unwrap().patience(DEADLINE);
        loop {
            let item = queue.get().unwrap();
            begun.lock().unwrap()[*item] += 1;
            match item.done() {
                Err(Error::NotYours { .. }) if fsync == "everysec" => {}
                done => done.unwrap(),
            }
        }
    });
    until("both at work", || begun.lock().unwrap()[0] > 0);
    for n in 0..KILLS {
        if n % 4 > 0 {
            server.wait_until_ready(); // otherwise it is killed while it starts
        }
        thread::sleep(Duration::from_micros(rand::random_range(0..30_000)));
        server.kill_and_start();
    }
    *stop.lock().unwrap() = 1;
    assert_eq!(join(&producer), 0);
    server.wait_until_ready();
    let queue = JoinableQueue::<usize>::connect(&url, "q").unwrap();
    queue.join_timeout(DEADLINE).unwrap();
    kill_and_join(&consumer);
    (*put.lock().unwrap(), begun.lock().unwrap().to_vec())
}

const DOUBLE: Task<u64, u64> = Task::new("double", 1, |n| 2 * n);

fn a_pool_outlives_its_server() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let url = server.url();
    let pool = Pool::connect(&url, "p").unwrap();
    let worker = start(|| Worker::connect(&url, "p").unwrap().task(DOUBLE).run().unwrap());
    pool.apply(DOUBLE, 0).unwrap(); // it has connected
    for n in 0..10 {
        let tasks = [0, 1, 2].map(|m| pool.apply_async(DOUBLE, 3 * n + m).unwrap());
        thread::sleep(Duration::from_micros(rand::random_range(0..2_000)));
        server.kill_and_start();
        for (m, task) in (0..).zip(&tasks) {
            assert_eq!(task.get().unwrap(), 2 * (3 * n + m));
        }
    }
    kill_and_join(&worker);
}

fn a_lock_outlives_its_server() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let lock = Lock::connect(&server.url(), "l").unwrap();
    let guard = lock.lock().unwrap();
    server.kill_and_start();
    guard.renew().unwrap();
    let other = Lock::connect(&server.url(), "l").unwrap();
    assert!(other.try_lock().unwrap().is_none());
    server.kill_and_start();
    guard.unlock().unwrap();
    assert_eq!(lock.lock().unwrap().fence(), 2);
}

/// Without a file a server begins anew: the items are lost, and the others go on.
fn data_is_lost() {
    let mut server = Server::start(&[]);
    let queue = JoinableQueue::connect(&server.url(), "q").unwrap();
    queue.put_many(&[1, 2, 3]).unwrap();
    let item = queue.get().unwrap();
    server.kill_and_start();
    let error = item.done().unwrap_err().to_string();
    assert!(error.starts_with("cannot finish 1 item(s): "), "{error}");
    queue.put(&4).unwrap();
    queue.get().unwrap().done().unwrap();
    queue.join().unwrap();
}
