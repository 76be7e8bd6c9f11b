//! Queues grow with what is in them, up to a limit: each process maps what another has put, and full
//! is said by all calls alike.

use std::thread;

use ipc_common::{Child, Error, Queue};
use serde_bytes::ByteBuf;
use testing::memory::{pattern, small_queue};
use testing::processes::{DEADLINE, is_in_futex, join, sleeper, start};
use testing::tests;

tests![
    each_process_maps_what_the_other_has_put,
    threads_put_and_get_while_it_grows,
    children_use_it_after_the_parent_has_dropped_it,
    what_try_put_says_is_full_says,
    put_waits_for_memory_to_become_free,
];

/// An item that is known by its length.
fn item(size: usize) -> ByteBuf {
    ByteBuf::from(pattern(size as u8, size))
}

fn each_process_maps_what_the_other_has_put() {
    let (there, back) = (Queue::new().unwrap(), Queue::new().unwrap());
    let echo = start(|| {
        while let Ok(item) = there.get() {
            back.put(&item).unwrap();
        }
    });
    for size in [1, 50_000, 70_000, 300_000, 1 << 20, 10 << 20, 33 << 20] {
        // All are there before the first is taken, so that each lies further on.
        let items = [item(size), item(size + 1), item(size / 2)];
        items.iter().for_each(|item| there.put(item).unwrap());
        for item in &items {
            assert!(back.get_timeout(DEADLINE).unwrap() == *item, "an item of {}", item.len());
        }
    }
    there.close();
    assert_eq!(join(&echo), 0);
}

fn threads_put_and_get_while_it_grows() {
    const ITEMS: usize = 40;
    for round in 0..4 {
        let queue = Queue::new().unwrap();
        let size = |n: usize| 1 + n * (10_000 + 2_500 * round);
        let mut sizes: Vec<usize> = thread::scope(|scope| {
            for producer in 0..3 {
                let queue = &queue;
                let put = move |n| queue.put(&item(size(3 * n + producer))).unwrap();
                scope.spawn(move || (0..ITEMS).for_each(put));
            }
            let take = || {
                let got = queue.get_timeout(DEADLINE).unwrap();
                assert!(got == item(got.len()), "an item of {} is torn", got.len());
                got.len()
            };
            let consumers = [(); 2].map(|()| {
                scope.spawn(move || (0..3 * ITEMS / 2).map(|_| take()).collect::<Vec<_>>())
            });
            consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()).collect()
        });
        sizes.sort_unstable();
        assert!(sizes.into_iter().eq((0..3 * ITEMS).map(size)), "each came once");
    }
}

fn children_use_it_after_the_parent_has_dropped_it() {
    let (queue, begin) = (Queue::new().unwrap(), Queue::<()>::new().unwrap());
    let producer = start(|| {
        begin.get().unwrap();
        (0..5).for_each(|n| queue.put(&item((1 << 20) + n)).unwrap());
    });
    let consumer = start(|| {
        begin.get().unwrap();
        (0..5).for_each(|n| assert!(queue.get_timeout(DEADLINE).unwrap() == item((1 << 20) + n)));
    });
    drop(queue);
    begin.put(&()).unwrap();
    begin.put(&()).unwrap();
    assert_eq!((join(&producer), join(&consumer)), (0, 0));
}

/// Fills a queue with items of this size; how many there are.
fn fill(queue: &Queue<ByteBuf>, size: usize) -> usize {
    (0..)
        .find(|_| match queue.try_put(&item(size)) {
            Ok(()) => false,
            Err(Error::Full) => true,
            Err(e) => panic!("{e}"),
        })
        .unwrap()
}

fn what_try_put_says_is_full_says() {
    let queue = small_queue();
    for size in [100_000, 10_000, 0, 30_000] {
        assert!(!queue.is_full());
        let there = fill(&queue, size);
        assert!(there > 5 && queue.len() == there);
        assert!(queue.is_full(), "try_put says Full, is_full does not");
        assert_eq!(join(&start(|| assert!(queue.is_full()))), 0, "another process sees it, too");
        assert!(matches!(queue.try_put(&item(size)), Err(Error::Full)) && queue.is_full());
        // With one taken, what was full may not be.
        queue.get().unwrap();
        let is_full = queue.is_full();
        match queue.try_put(&item(size)) {
            Ok(()) => assert!(!is_full, "is_full is true where there is room"),
            Err(_) => assert!(queue.is_full()),
        }
        while queue.try_get().is_ok() {}
    }
    // A smaller one may fit where a larger one did not; from then on it is what counts.
    fill(&queue, 100_000);
    assert!(queue.is_full());
    queue.try_put(&item(1)).unwrap();
    assert!(!queue.is_full());
}

fn put_waits_for_memory_to_become_free() {
    let queue = small_queue();
    let there = fill(&queue, 50_000);
    let producers: Vec<Child> = (0..2)
        .map(|n| {
            let queue = &queue;
            sleeper(move || queue.put(&item(50_001 + n)).unwrap())
        })
        .collect();
    assert!(matches!(queue.try_put(&item(50_000)), Err(Error::Full)) && queue.is_full());
    assert!(producers.iter().all(|producer| is_in_futex(producer.pid())));
    let mut sizes = Vec::new();
    for _ in 0..there + 2 {
        sizes.push(queue.get_timeout(DEADLINE).unwrap().len());
    }
    assert!(producers.iter().all(|producer| join(producer) == 0));
    assert!(sizes[..there].iter().all(|&size| size == 50_000) && queue.is_empty());
}
