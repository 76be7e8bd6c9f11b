//! Joinable queues: `join` returns when all is done, and says what will never be.

use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Error, JoinableQueue, Process};
use serde::{Deserialize, Deserializer, Serialize};
use testing::processes::{DEADLINE, is_in_futex, join, start, until};
use testing::signpost::Signpost;
use testing::tests;
use testing::victim::Victim;

tests![
    four_workers_and_ten_items,
    join_waits_for_the_last_item,
    one_task_done_too_many_is_an_error,
    a_consumer_that_dies_with_items_is_named,
    a_consumer_that_dies_while_join_waits_is_named,
    a_dead_consumer_with_nothing_in_hand_is_no_matter,
    a_consumer_may_start_processes,
    an_item_in_hand_outlives_its_queue,
    a_closed_queue_can_be_joined,
    more_consumers_than_hands_are_refused_and_lose_nothing,
    an_item_that_cannot_be_decoded_is_done,
    deadlines_are_kept_beside_a_stopped_consumer,
    a_storm_of_kills_is_accounted_for,
];

fn work(queue: &JoinableQueue<Option<u32>>) {
    while let Some(_item) = queue.get().unwrap() {
        thread::yield_now();
        queue.task_done().unwrap();
    }
    queue.task_done().unwrap();
}

fn four_workers_and_ten_items() {
    let queue = JoinableQueue::new().unwrap();
    let workers: Vec<Child> = (0..4).map(|_| start(|| work(&queue))).collect();
    (0..10).for_each(|n| queue.put(&Some(n)).unwrap());
    queue.join_timeout(DEADLINE).unwrap();
    assert!(queue.is_empty());
    workers.iter().for_each(|_| queue.put(&None).unwrap());
    assert!(workers.iter().all(|worker| join(worker) == 0));
    queue.join_timeout(Duration::ZERO).unwrap();
}

fn join_waits_for_the_last_item() {
    let (queue, go) = (JoinableQueue::new().unwrap(), Signpost::new());
    queue.join().unwrap();
    (0..3).for_each(|n: u32| queue.put(&n).unwrap());
    let consumer = start(|| {
        (0..3).for_each(|_| drop(queue.get().unwrap().to_string()));
        queue.task_done().unwrap();
        queue.task_done().unwrap();
        go.wait();
        queue.task_done().unwrap();
    });
    let (begin, timeout) = (Instant::now(), Duration::from_millis(60));
    until("two are done", || {
        matches!(queue.join_timeout(Duration::ZERO), Err(Error::Unfinished { items: 1 }))
    });
    let left = queue.join_timeout(timeout).unwrap_err();
    assert!(matches!(left, Error::Unfinished { items: 1 }), "{left}");
    assert!(begin.elapsed() >= timeout);
    let joins: Vec<Child> = (0..3).map(|_| start(|| queue.join().unwrap())).collect();
    until("sleep", || joins.iter().all(|join| is_in_futex(join.pid())));
    go.set();
    assert!(joins.iter().all(|child| join(child) == 0));
    assert_eq!(join(&consumer), 0);
}

fn one_task_done_too_many_is_an_error() {
    let queue = JoinableQueue::new().unwrap();
    assert!(matches!(queue.task_done(), Err(Error::NothingInHand)));
    queue.put(&1).unwrap();
    assert!(matches!(queue.task_done(), Err(Error::NothingInHand)));
    queue.get().unwrap();
    queue.task_done().unwrap();
    assert!(matches!(queue.task_done(), Err(Error::NothingInHand)));
    queue.join().unwrap();
}

fn a_consumer_that_dies_with_items_is_named() {
    let queue = JoinableQueue::new().unwrap();
    (0..5).for_each(|n: u32| queue.put(&n).unwrap());
    let consumer = start(|| {
        (0..3).for_each(|_| drop(queue.get().unwrap().to_string()));
        queue.task_done().unwrap();
    });
    assert_eq!(join(&consumer), 0); // it ended well, but with two items
    let error = queue.join_timeout(DEADLINE).unwrap_err();
    assert!(
        matches!(error, Error::ItemsLost { pid, items: 2 } if pid == consumer.pid()),
        "{error}"
    );
    for _ in 0..2 {
        assert!(matches!(queue.join_timeout(Duration::ZERO), Err(Error::Unfinished { items: 2 })));
        queue.get().unwrap();
    }
    queue.task_done().unwrap();
    queue.task_done().unwrap();
    queue.join().unwrap();
}

fn a_consumer_that_dies_while_join_waits_is_named() {
    for items in 1..=2 {
        let (queue, taken) = (JoinableQueue::new().unwrap(), Signpost::new());
        let consumer = start(|| {
            queue.get().unwrap();
            taken.set();
            thread::sleep(DEADLINE);
        });
        // While `join` waits, the item comes into somebody's hands, or is there already.
        let put = || (0..items).for_each(|n: u32| queue.put(&n).unwrap());
        if items == 1 {
            put();
            taken.wait();
        }
        let pid = consumer.pid();
        let joins = start(|| {
            if items == 2 {
                put();
            }
            match queue.join_timeout(DEADLINE).unwrap_err() {
                Error::ItemsLost { pid: p, items: 1 } if p == pid => {}
                error => panic!("{error}"),
            }
        });
        if items == 2 {
            taken.wait();
        }
        until("sleep", || is_in_futex(joins.pid()));
        consumer.kill().unwrap();
        assert_eq!(join(&joins), 0);
        assert_eq!(join(&consumer), -9);
    }
}

fn a_dead_consumer_with_nothing_in_hand_is_no_matter() {
    let queue = JoinableQueue::new().unwrap();
    queue.put(&1).unwrap();
    let consumer = start(|| {
        queue.get().unwrap();
        queue.task_done().unwrap();
        queue.get().unwrap();
    });
    until("sleep", || queue.is_empty() && is_in_futex(consumer.pid()));
    consumer.kill().unwrap();
    join(&consumer);
    queue.join_timeout(DEADLINE).unwrap();
}

fn a_consumer_may_start_processes() {
    let queue = JoinableQueue::new().unwrap();
    queue.put(&7).unwrap();
    let item = queue.get().unwrap();
    let child = Process::new(|| {
        assert!(matches!(queue.task_done(), Err(Error::NothingInHand)), "it is the parent's");
        std::process::exit(item)
    });
    assert_eq!(join(&child.start().unwrap()), 7);
    queue.task_done().unwrap();
    queue.join().unwrap();
}

/// A queue that goes while an item is in hand leaves nothing dangling.
fn an_item_in_hand_outlives_its_queue() {
    let child = start(|| {
        let queue = JoinableQueue::new().unwrap();
        queue.put(&1_u32).unwrap();
        queue.get().unwrap();
        drop(queue);
        drop(ipc_common::Lock::new().unwrap().lock().unwrap());
    });
    assert_eq!(join(&child), 0);
}

fn a_closed_queue_can_be_joined() {
    let queue = JoinableQueue::new().unwrap();
    queue.put(&1_u32).unwrap();
    queue.close();
    let (begin, timeout) = (Instant::now(), Duration::from_millis(60));
    assert!(matches!(queue.join_timeout(timeout), Err(Error::Unfinished { items: 1 })));
    assert!(begin.elapsed() >= timeout && begin.elapsed() < DEADLINE);
    let joins = start(|| queue.join().unwrap());
    until("sleep", || is_in_futex(joins.pid()));
    queue.get().unwrap();
    queue.task_done().unwrap();
    assert_eq!(join(&joins), 0);
}

fn more_consumers_than_hands_are_refused_and_lose_nothing() {
    let queue = JoinableQueue::new().unwrap();
    (0..129_u32).for_each(|n| queue.put(&n).unwrap());
    let (taken, go) = (Signpost::new(), Signpost::new());
    let consume = || {
        queue.get().unwrap();
        taken.set();
        go.wait();
        queue.task_done().unwrap();
    };
    let consumers: Vec<Child> = (0..128).map(|_| start(consume)).collect();
    consumers.iter().for_each(|_| taken.wait());
    assert!(matches!(queue.try_get(), Err(Error::TooManyConsumers)));
    assert!(matches!(queue.try_get_many(&mut Vec::new(), 5), Err(Error::TooManyConsumers)));
    assert_eq!(queue.len(), 1);
    // The dead make room, and are still said.
    consumers[0].kill().unwrap();
    assert_eq!(join(&consumers[0]), -9);
    queue.try_get().unwrap();
    consumers[1..].iter().for_each(|_| go.set());
    assert!(consumers[1..].iter().all(|consumer| join(consumer) == 0));
    queue.task_done().unwrap();
    let error = queue.join_timeout(DEADLINE).unwrap_err();
    let pid = consumers[0].pid();
    assert!(matches!(error, Error::ItemsLost { pid: p, items: 1 } if p == pid), "{error}");
    queue.join_timeout(DEADLINE).unwrap();
}

/// What it is like to get it.
#[derive(Serialize, Clone, Copy)]
enum Getting {
    Works,
    Fails,
    Panics,
}

impl<'de> Deserialize<'de> for Getting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match &*String::deserialize(deserializer)? {
            "Works" => Ok(Getting::Works),
            "Fails" => Err(serde::de::Error::custom("it fails")),
            _ => panic!("it panics"),
        }
    }
}

fn an_item_that_cannot_be_decoded_is_done() {
    let queue = JoinableQueue::new().unwrap();
    panic::set_hook(Box::new(|_| {}));
    for _ in 0..3 {
        [Getting::Works, Getting::Fails, Getting::Panics]
            .iter()
            .for_each(|item| queue.put(item).unwrap());
        queue.get().unwrap();
        assert!(matches!(queue.get(), Err(Error::Decode(_))));
        assert!(panic::catch_unwind(AssertUnwindSafe(|| queue.get())).is_err());
        let left = queue.join_timeout(Duration::ZERO);
        assert!(matches!(left, Err(Error::Unfinished { items: 1 })), "{left:?}");
        queue.task_done().unwrap();
        assert!(matches!(queue.task_done(), Err(Error::NothingInHand)));
        queue.join_timeout(DEADLINE).unwrap();
    }
}

/// A consumer that is stopped wherever it is: the others' deadlines are kept.
fn deadlines_are_kept_beside_a_stopped_consumer() {
    let queue = JoinableQueue::new().unwrap();
    for steps in (0..).step_by(37) {
        // One for each of the two that take.
        (0..2).for_each(|n: u32| queue.put(&n).unwrap());
        let victim = Victim::new(|| {
            queue.get().unwrap();
            queue.task_done().unwrap();
        });
        let reached = victim.steps(steps);
        let timeout = Duration::from_millis(1);
        let begin = Instant::now();
        let got = queue.get_timeout(timeout);
        assert!(begin.elapsed() < DEADLINE / 4, "{:?} at {steps}", begin.elapsed());
        match got {
            Ok(_) => victim.kill(),
            Err(Error::Empty) => {
                let joined = queue.join_timeout(timeout).unwrap_err();
                let is_known = matches!(joined, Error::Unfinished { .. } | Error::ItemsLost { .. });
                assert!(is_known && begin.elapsed() < DEADLINE / 4, "{joined} at {steps}");
                victim.kill();
                queue.get_timeout(DEADLINE).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
        queue.task_done().unwrap();
        if !reached {
            return;
        }
    }
}

fn a_storm_of_kills_is_accounted_for() {
    let queue = JoinableQueue::new().unwrap();
    for _ in 0..150 {
        let workers: Vec<Child> = (0..3).map(|_| start(|| work(&queue))).collect();
        (0..200).for_each(|n| queue.put(&Some(n)).unwrap());
        thread::sleep(Duration::from_micros(rand::random_range(0..1500)));
        workers[0].kill().unwrap();
        workers[1].kill().unwrap();
        loop {
            match queue.join_timeout(DEADLINE) {
                Ok(()) => break,
                Err(Error::ItemsLost { pid, items: 1 | 2 }) => {
                    assert!(pid == workers[0].pid() || pid == workers[1].pid());
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert!(queue.is_empty());
        queue.put(&None).unwrap();
        assert_eq!(join(&workers[2]), 0);
        queue.join_timeout(DEADLINE).unwrap();
    }
}
