//! The memory that queues, pipes and processes take, and give back.

use std::process;
use std::time::Duration;

use ipc_common::{Error, JoinableQueue, Process, Queue, pipe};
use serde_bytes::ByteBuf;
use testing::memory::{kibibytes, shared_memory};
use testing::processes::{is_in_futex, join, start, until};
use testing::tests;

tests![
    memory_is_given_back,
    large_items_go_where_others_have_been,
    producers_give_memory_back_while_consumers_find_them_at_work,
    a_large_buffer_goes_with_the_large_items,
    a_huge_buffer_goes_at_once,
    what_is_dropped_is_unmapped,
    a_process_that_has_ended_leaves_nothing_in_its_parent,
];

fn memory_is_given_back() {
    let queue = Queue::new().unwrap();
    let item = ByteBuf::from(vec![7; 1 << 20]);
    let begin = shared_memory();
    // A small backlog needs little, however much goes through.
    for _ in 0..3 {
        queue.put(&item).unwrap();
    }
    for _ in 0..200 {
        queue.put(&item).unwrap();
        queue.get().unwrap();
    }
    let steady = shared_memory() - begin;
    assert!(steady < 20 << 10, "{steady} KiB for a backlog of 3 MiB");
    // A burst takes what it needs, and leaves some 16 MiB when it is over.
    for _ in 0..100 {
        queue.put(&item).unwrap();
    }
    assert!(shared_memory() - begin > 100 << 10);
    while !queue.is_empty() {
        queue.get().unwrap();
    }
    let after = shared_memory() - begin;
    assert!(after < 20 << 10, "{after} KiB are kept of an empty queue");
    queue.put(&item).unwrap();
    assert_eq!(queue.get().unwrap(), item);
    // Of large items it keeps more, until nothing has come for a while, or small ones come.
    let large = ByteBuf::from(vec![8; 30 << 20]);
    let idle = 50 << 10..68 << 10;
    for (item, kept, idle) in [(large, 50 << 10..260 << 10, idle), (item, 0..20 << 10, 0..20 << 10)]
    {
        (0..10).for_each(|_| queue.put(&item).unwrap());
        (0..10).for_each(|_| assert_eq!(queue.get().unwrap(), item));
        let after = shared_memory() - begin;
        assert!(kept.contains(&after), "{after} KiB are kept of an empty queue");
        assert!(matches!(queue.get_timeout(Duration::from_millis(150)), Err(Error::Empty)));
        let after = shared_memory() - begin;
        assert!(idle.contains(&after), "{after} KiB are kept of an idle queue");
    }
}

/// To take new memory for them takes longer than to copy them.
fn large_items_go_where_others_have_been() {
    let queue = Queue::new().unwrap();
    let item = ByteBuf::from(vec![7; 16 << 20]);
    let begin = shared_memory();
    queue.put(&item).unwrap();
    for _ in 0..20 {
        queue.put(&item).unwrap();
        queue.get().unwrap();
    }
    let steady = shared_memory() - begin;
    assert!(steady < 50 << 10, "{steady} KiB for two items of 16 MiB");
}

/// What this process has for itself, in KiB.
fn private_memory() -> usize {
    kibibytes(process::id(), "RssAnon")
}

fn a_large_buffer_goes_with_the_large_items() {
    let queue = Queue::new().unwrap();
    let small = String::new();
    queue.put(&small).unwrap(); // no other test's buffer is left
    queue.get().unwrap();
    let begin = private_memory();
    let large = "8".repeat(50 << 20);
    queue.put(&large).unwrap();
    drop(large);
    drop(queue.get().unwrap());
    assert!(private_memory() - begin > 40 << 10, "the buffer is not kept for the next");
    queue.put(&small).unwrap();
    assert!(private_memory() < begin + (10 << 10), "the buffer is kept");
}

/// A consumer cannot give memory back while a producer has the queue, as one does that waits for room.
fn producers_give_memory_back_while_consumers_find_them_at_work() {
    let queue = Queue::bounded(2).unwrap();
    let begin = shared_memory();
    let producer = start(|| {
        (0..2).for_each(|_| queue.put(&ByteBuf::from(vec![1; 40 << 20])).unwrap());
        let small = ByteBuf::from(vec![2; 1 << 10]);
        while queue.put(&small).is_ok() {}
    });
    let get_from_a_full_queue = || {
        until("sleep", || queue.len() == 2 && is_in_futex(producer.pid()));
        queue.get().unwrap()
    };
    let large = (0..2).map(|_| get_from_a_full_queue().len()).sum::<usize>();
    assert_eq!(large, 80 << 20);
    assert!(shared_memory() - begin > 70 << 10);
    for _ in 0..100 {
        assert_eq!(get_from_a_full_queue().len(), 1 << 10);
    }
    let kept = shared_memory() - begin;
    assert!(kept < 20 << 10, "{kept} KiB are kept for a backlog of 2 KiB");
    queue.close();
    assert_eq!(join(&producer), 0);
}

/// It is larger than what a thread ever keeps.
fn a_huge_buffer_goes_at_once() {
    let queue = Queue::new().unwrap();
    let begin = private_memory();
    let huge = "9".repeat(100 << 20);
    queue.put(&huge).unwrap();
    drop(huge);
    let kept = private_memory() - begin;
    assert!(kept < 10 << 10, "{kept} KiB are kept");
    drop(queue.get().unwrap());
    let kept = private_memory() - begin;
    assert!(kept < 10 << 10, "{kept} KiB are kept");
}

fn what_is_dropped_is_unmapped() {
    let use_all = || {
        for n in 0..100 {
            let (queue, joinable) = (Queue::new().unwrap(), JoinableQueue::new().unwrap());
            let item = "x".repeat(n * 1_000);
            queue.put(&item).unwrap();
            queue.get().unwrap();
            joinable.put(&item).unwrap();
            joinable.get().unwrap();
            joinable.task_done().unwrap();
            let (left, right) = pipe::<u8, u8>().unwrap();
            left.send(&1).unwrap();
            right.recv().unwrap();
        }
    };
    let mapped = || kibibytes(process::id(), "VmSize");
    use_all();
    let before = mapped();
    use_all();
    assert_eq!(mapped(), before);
}

/// Not one byte: this process has done the same before.
fn a_process_that_has_ended_leaves_nothing_in_its_parent() {
    let start_many = || {
        (0..200).for_each(|_| assert_eq!(join(&Process::new(|| ()).name("x").start().unwrap()), 0));
        // SAFETY: only asks.
        unsafe { libc::mallinfo2() }.uordblks
    };
    start_many();
    let before = start_many();
    assert_eq!(start_many(), before);
}
