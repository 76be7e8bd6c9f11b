//! Connections that are cut in the middle of each command, and replies that come late.
//!
//! A scene is played through a proxy that cuts in the middle of a command or reply, or before it, for
//! each of them. The last number that is printed before a scene fails is the one to repeat:
//! `IPC_REDIS_CUT=12`.

use std::env;
use std::time::Duration;

use ipc_redis::{JoinableQueue, Lock, Pool, Queue, Result, Task, Worker};

use crate::proxy::{Proxy, Trouble};
use crate::server::Server;

testing::tests![
    a_put_is_done_once,
    an_item_comes_and_is_done_once,
    items_in_hand_stay_there,
    many_items_are_put_and_done_once,
    a_lock_is_released,
    a_result_comes_once,
    an_item_of_a_plain_queue_is_put_once,
    items_that_come_after_the_end_of_a_wait,
];

/// Plays the scene with cuts. It gets the number of the round as part of its names.
fn at_each_message(scene: impl Fn(&str, &str) -> Result<()>, look: impl Fn(&str, &str)) {
    let server = Server::start(&[]);
    let proxy = Proxy::start(&server, Trouble::Nothing);
    scene(&proxy.url(), "whole").unwrap();
    look(&server.url(), "whole");
    let messages = proxy.passed();
    drop(proxy);
    let numbers = match env::var("IPC_REDIS_CUT") {
        Ok(number) => vec![number.parse().expect("IPC_REDIS_CUT is a number")],
        Err(_) => (0..2 * messages).collect(),
    };
    for n in numbers {
        println!("IPC_REDIS_CUT={n}");
        let cut = Trouble::Cut { message: n / 2, is_half: n % 2 == 1 };
        let (proxy, name) = (Proxy::start(&server, cut), format!("cut{n}"));
        // While it connects for the first time, a cut is an error: the address may be wrong.
        if let Err(e) = scene(&proxy.url(), &name) {
            assert!(e.to_string().starts_with("cannot connect on "), "{e}");
            scene(&proxy.url(), &name).unwrap();
        }
        look(&server.url(), &name);
    }
}

/// Nothing is left in the queue, waiting or in hand.
fn is_finished(url: &str, name: &str) {
    let queue = JoinableQueue::<u32>::connect(url, name).unwrap();
    queue.join_timeout(Duration::ZERO).unwrap();
}

fn a_put_is_done_once() {
    let put = |url: &str, name: &str| {
        let queue = JoinableQueue::connect(url, name)?;
        (0..3).for_each(|n| queue.put(&n).unwrap());
        Ok(())
    };
    at_each_message(put, |url, name| {
        let queue = JoinableQueue::<u32>::connect(url, name).unwrap();
        for n in 0..3 {
            let item = queue.try_get().unwrap();
            assert_eq!((*item, item.deliveries()), (n, 1));
            item.done().unwrap();
        }
        is_finished(url, name);
    });
}

fn an_item_comes_and_is_done_once() {
    let get = |url: &str, name: &str| {
        let queue = JoinableQueue::connect(url, name)?;
        queue.put(&1).unwrap();
        let item = queue.get().unwrap();
        assert_eq!(*item, 1);
        item.done().unwrap();
        drop(queue.get_timeout(Duration::ZERO).unwrap_err());
        queue.join().unwrap();
        Ok(())
    };
    at_each_message(get, is_finished);
}

/// The connection may be cut after an item was got: it goes with its consumer to the new one.
fn items_in_hand_stay_there() {
    let hold = |url: &str, name: &str| {
        let queue = JoinableQueue::connect(url, name)?;
        queue.put_many(&[1, 2, 3]).unwrap();
        let items = [queue.get().unwrap(), queue.get().unwrap(), queue.get().unwrap()];
        let mut values = items.each_ref().map(|item| **item);
        values.sort_unstable(); // one whose reply was lost comes after the others
        assert_eq!(values, [1, 2, 3]);
        let [a, mut b, c] = items;
        b.renew().unwrap();
        a.done().unwrap();
        drop(c);
        b.done().unwrap();
        queue.get().unwrap().done().unwrap();
        Ok(())
    };
    at_each_message(hold, is_finished);
}

fn many_items_are_put_and_done_once() {
    let many = |url: &str, name: &str| {
        let queue = JoinableQueue::connect(url, name)?.bound(10)?;
        queue.put_many(&[0, 1, 2, 3, 4, 5]).unwrap();
        let mut seen = [0; 6];
        while seen.iter().sum::<u32>() < 6 {
            let items = queue.get_many(4).unwrap();
            items.iter().for_each(|item| seen[**item] += 1);
            queue.done_many(items).unwrap();
        }
        assert_eq!(seen, [1; 6]);
        Ok(())
    };
    at_each_message(many, is_finished);
}

fn a_lock_is_released() {
    let lock = |url: &str, name: &str| {
        let lock = Lock::connect(url, name)?;
        let first = lock.lock().unwrap();
        let fence = first.fence();
        first.renew().unwrap();
        first.unlock().unwrap();
        let second = lock.lock().unwrap();
        assert!(second.fence() > fence);
        second.unlock().unwrap();
        Ok(())
    };
    at_each_message(lock, |url, name| {
        assert!(Lock::connect(url, name).unwrap().try_lock().unwrap().is_some());
    });
}

const DOUBLE: Task<u32, u32> = Task::new("double", 1, |n| 2 * n);

fn a_result_comes_once() {
    let apply = |url: &str, name: &str| {
        let pool = Pool::connect(url, name)?;
        let worker = Worker::connect(url, name)?.task(DOUBLE);
        for n in 0..2 {
            let task = pool.apply_async(DOUBLE, n).unwrap();
            while !task.ready().unwrap() {
                worker.run_one(Duration::ZERO).unwrap();
            }
            assert_eq!(task.get().unwrap(), 2 * n);
        }
        pool.close();
        pool.join().unwrap();
        Ok(())
    };
    at_each_message(apply, is_finished);
}

fn an_item_of_a_plain_queue_is_put_once() {
    let put = |url: &str, name: &str| {
        let queue = Queue::connect(url, name)?;
        (0..3).for_each(|n| queue.put(&n).unwrap());
        Ok(())
    };
    at_each_message(put, |url, name| {
        let queue = Queue::<u32>::connect(url, name).unwrap();
        assert_eq!(queue.try_get_many(10).unwrap(), [0, 1, 2]);
    });
}

/// A consumer does not wait for the server to end a wait. What comes then is not lost, and does not come
/// twice.
fn items_that_come_after_the_end_of_a_wait() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(&server, Trouble::Delays);
    let queue = JoinableQueue::connect(&proxy.url(), "q").unwrap();
    let numbers: Vec<u32> = (0..200).collect();
    queue.put_many(&numbers).unwrap();
    for n in numbers {
        let item = queue.get_timeout(Duration::from_millis(1)).unwrap();
        assert_eq!((*item, item.deliveries()), (n, 1));
        item.done().unwrap();
    }
    queue.join_timeout(Duration::ZERO).unwrap();
    drop(queue);
}
