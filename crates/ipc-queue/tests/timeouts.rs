//! Timeouts: kept while others are at work, and of any length.

use std::thread;
use std::time::Duration;

use ipc_common::{
    Barrier, Condition, Error, Event, JoinableQueue, Lock, Queue, Semaphore, Value, pipe, wait,
};
use serde_bytes::ByteBuf;
use testing::memory::small_queue;
use testing::processes::{is_in_futex, is_in_poll, join, sleeper, start, until};
use testing::signpost::Signpost;
use testing::tests;

tests![
    room_that_comes_bit_by_bit_does_not_prolong_a_put,
    no_wait_for_another_is_too_long,
    no_wait_for_an_item_or_an_end_is_too_long,
];

/// The ring is full of small items. Another process takes them, one by one, and slowly: long before
/// there is room for a large one its time is up.
fn room_that_comes_bit_by_bit_does_not_prolong_a_put() {
    let queue = small_queue::<ByteBuf>();
    let (small, large) = (ByteBuf::from([1; 20]), ByteBuf::from(vec![2; 100_000]));
    while queue.try_put(&small).is_ok() {}
    let producer = start(|| {
        let put = queue.put_timeout(&large, Duration::from_millis(50));
        assert!(matches!(put, Err(Error::Full)), "{put:?}");
    });
    let mut left = queue.len();
    while producer.is_alive().unwrap() {
        assert_eq!(queue.get().unwrap(), small, "the put goes on");
        left -= 1;
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(join(&producer), 0);
    assert_eq!(queue.len(), left);
}

/// A process that waits sleeps, and goes on when it is woken.
fn wakes(wait: impl FnOnce(), wake: impl FnOnce()) {
    let waiter = start(wait);
    until("sleep", || is_in_futex(waiter.pid()) || is_in_poll(waiter.pid()));
    wake();
    assert_eq!(join(&waiter), 0);
}

/// Longer than the clock can count, or nearly so.
const ENOUGH: [Duration; 4] = [
    Duration::MAX,
    Duration::from_secs(u64::MAX / 2),
    Duration::from_secs(i64::MAX as u64 - 1),
    Duration::from_secs(u64::MAX >> 16),
];

fn no_wait_for_another_is_too_long() {
    for timeout in ENOUGH {
        let event = Event::new().unwrap();
        wakes(|| assert!(event.wait_timeout(timeout)), || event.set());
        let semaphore = Semaphore::new(0).unwrap();
        wakes(|| assert!(semaphore.acquire_timeout(timeout)), || semaphore.release().unwrap());
        let barrier = Barrier::new(2).unwrap();
        let come = || assert!(barrier.wait().is_ok());
        wakes(|| assert!(barrier.wait_timeout(timeout).is_ok()), come);
        let condition = Condition::new().unwrap();
        let wait = || assert!(condition.lock().unwrap().wait_timeout(timeout).unwrap());
        wakes(wait, || assert_eq!(condition.lock().unwrap().notify(1), 1));
        let (lock, value) = (Lock::new().unwrap(), Value::new(1_u8).unwrap());
        let (held, release) = (Signpost::new(), Signpost::new());
        let holder = start(|| {
            let _guards = (lock.lock().unwrap(), value.lock().unwrap());
            held.set();
            release.wait();
        });
        held.wait();
        let other = sleeper(|| assert!(value.lock_timeout(timeout).unwrap().is_some()));
        wakes(|| assert!(lock.lock_timeout(timeout).unwrap().is_some()), || release.set());
        assert_eq!((join(&other), join(&holder)), (0, 0));
    }
}

fn no_wait_for_an_item_or_an_end_is_too_long() {
    for timeout in ENOUGH {
        let queue = Queue::bounded(1).unwrap();
        wakes(|| assert_eq!(queue.get_timeout(timeout).unwrap(), 5), || queue.put(&5).unwrap());
        queue.put(&6).unwrap();
        let put = || queue.put_timeout(&7, timeout).unwrap();
        wakes(put, || assert_eq!(queue.get().unwrap(), 6));
        let queue = JoinableQueue::new().unwrap();
        queue.put(&8).unwrap();
        assert_eq!(queue.get().unwrap(), 8);
        wakes(|| queue.join_timeout(timeout).unwrap(), || queue.task_done().unwrap());
        let end = Signpost::new();
        let parent = || assert_eq!(start(|| end.wait()).join_timeout(timeout).unwrap(), Some(0));
        wakes(parent, || end.set());
        let (left, right) = pipe::<u8, u8>().unwrap();
        wakes(|| assert!(right.poll(timeout).unwrap()), || left.send(&9).unwrap());
        wakes(
            || assert_eq!(wait(&[&left], Some(timeout)).unwrap(), [0]),
            || right.send(&9).unwrap(),
        );
    }
}
