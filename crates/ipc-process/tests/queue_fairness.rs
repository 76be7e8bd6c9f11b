//! Processes that take items again and again do not keep them from the others.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ipc_common::{Child, Error, Queue};
use testing::memory::Shared;
use testing::processes::{join, kill_and_join, start, until};
use testing::tests;

tests![empty_is_not_said_beside_greedy_consumers, full_is_not_said_beside_greedy_producers];

/// Many times what a turn of another process takes, and the wait after which it is handed over. That
/// is 30 ms where this machine has nothing else to do.
const TIMEOUT: Duration = Duration::from_millis(300);

fn empty_is_not_said_beside_greedy_consumers() {
    let (queue, taken) = (Queue::new().unwrap(), Shared::<AtomicU64>::new());
    let put = || (0..2_000_u64).for_each(|n| queue.put(&n).unwrap());
    put();
    let producer = start(|| {
        loop {
            if queue.len() < 2_000 {
                put();
            }
        }
    });
    let greedy = [(); 3].map(|()| {
        start(|| {
            loop {
                queue.get().unwrap();
                taken.fetch_add(1, Relaxed);
            }
        })
    });
    until("greed", || taken.load(Relaxed) > 1_000);
    for _ in 0..100 {
        if let Err(e) = queue.get_timeout(TIMEOUT) {
            assert!(matches!(e, Error::Empty) && queue.is_empty(), "{} items", queue.len());
        }
    }
    assert!(greedy.iter().all(|child| child.is_alive().unwrap()));
    greedy.iter().chain([&producer]).for_each(kill_and_join);
}

fn full_is_not_said_beside_greedy_producers() {
    let queue = Queue::bounded(4_000).unwrap();
    let greedy: Vec<Child> =
        (0..3_u64).map(|_| start(|| while queue.put(&1_u64).is_ok() {})).collect();
    let consumer = start(|| {
        loop {
            if queue.len() > 1_000 {
                assert!((0..800).all(|_| queue.get().is_ok()));
            }
        }
    });
    for _ in 0..100 {
        queue.put_timeout(&2, TIMEOUT).unwrap();
    }
    kill_and_join(&consumer);
    queue.close();
    assert!(greedy.iter().all(|child| join(child) == 0));
}
