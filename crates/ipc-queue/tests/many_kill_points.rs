//! A process is killed at every instruction of `put_many` and of `get_many`, in turn: the others find
//! what it has put up to some item, all that it has not taken, and nothing torn or twice.

use ipc_common::{Error, JoinableQueue, Queue};
use testing::kill_points::at_every_instruction;
use testing::processes::{DEADLINE, is_in_futex, join, start, until};
use testing::tests;
use testing::victim::Victim;

tests![
    put_many_behind_others,
    put_many_that_goes_back_to_the_beginning,
    put_many_that_waits_for_room,
    put_many_that_wakes_a_consumer,
    get_many_of_more,
    get_many_behind_a_jump,
    get_many_that_wakes_a_producer,
    task_done_many,
];

fn item(n: usize) -> String {
    format!("{n} ").repeat(n)
}

fn items(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(item).collect()
}

/// What another process finds is one of these, and it can go on.
fn finds_one_of(queue: &Queue<String>, these: &[&[String]]) {
    let judge = start(|| {
        let mut found = Vec::new();
        if !queue.is_empty() {
            queue.get_many_timeout(&mut found, 1000, DEADLINE).unwrap();
        }
        assert!(these.contains(&&found[..]), "found {found:?}");
        assert!(queue.is_empty() && matches!(queue.try_get(), Err(Error::Empty)));
        for number in [0, 1, 300, 1] {
            queue.put_many_timeout([item(number)], DEADLINE).unwrap();
            assert_eq!(queue.len(), 1);
            assert_eq!(queue.get_timeout(DEADLINE).unwrap(), item(number));
        }
    });
    assert_eq!(join(&judge), 0, "the others cannot go on");
}

/// A queue with these in it. `by` so many bytes were put and taken before.
fn with(by: usize, before: &[String]) -> Queue<String> {
    let queue = Queue::new().unwrap();
    if by > 0 {
        queue.put(&"x".repeat(by)).unwrap();
        queue.get().unwrap();
    }
    queue.put_many(before).unwrap();
    queue
}

fn put_many(name: &str, by: usize, before: &[String]) {
    let new = items([5, 4, 0, 1]);
    let after = [before, &new].concat();
    at_every_instruction(name, |n| {
        let queue = with(by, before);
        let victim = Victim::new(|| queue.put_many(&new).unwrap());
        let reached = victim.steps(n);
        victim.kill();
        finds_one_of(&queue, &[before, &after]);
        reached
    });
}

fn put_many_behind_others() {
    put_many("put_many", 0, &items([3, 0]));
}

fn put_many_that_goes_back_to_the_beginning() {
    put_many("put_many that goes back", 40_000, &[]);
}

fn put_many_that_waits_for_room() {
    let all = items(1..=5);
    at_every_instruction("put_many that waits", |n| {
        let queue = Queue::bounded(2).unwrap();
        let victim = Victim::new(|| queue.put_many(&all).unwrap());
        let mut taken = Vec::new();
        let reached = victim.steps_and_wake(n, || {
            queue.get_many_timeout(&mut taken, 2, DEADLINE).unwrap();
        });
        victim.kill();
        let count = taken.len() + queue.len();
        assert_eq!(taken, all[..taken.len()]);
        finds_one_of(&queue, &[&all[taken.len()..count]]);
        reached
    });
}

fn put_many_that_wakes_a_consumer() {
    at_every_instruction("put_many that wakes a consumer", |n| {
        let queue = Queue::<u32>::new().unwrap();
        let consumer = start(|| {
            let mut got = Vec::new();
            while got.len() < 3 {
                queue.get_many_timeout(&mut got, 3, DEADLINE).unwrap();
            }
            assert_eq!(got, [1, 2, 3]);
        });
        until("sleep", || is_in_futex(consumer.pid()));
        let victim = Victim::new(|| queue.put_many(1..=3).unwrap());
        let reached = victim.steps(n);
        victim.kill();
        // Either the items came, and then the consumer must have heard of them, or they did not.
        until("the consumer or nothing", || {
            !consumer.is_alive().unwrap() || (queue.is_empty() && is_in_futex(consumer.pid()))
        });
        if consumer.is_alive().unwrap() {
            queue.put_many_timeout(1..=3, DEADLINE).unwrap();
        }
        assert_eq!(join(&consumer), 0);
        assert!(queue.is_empty());
        reached
    });
}

fn get_many(name: &str, by: usize) {
    let all = items([9, 0, 3, 7, 1]);
    at_every_instruction(name, |n| {
        let queue = with(by, &all);
        let victim = Victim::new(|| {
            assert_eq!(queue.get_many(&mut Vec::new(), 3).unwrap(), 3);
        });
        let reached = victim.steps(n);
        victim.kill();
        finds_one_of(&queue, &[&all, &all[3..]]);
        reached
    });
}

fn get_many_of_more() {
    get_many("get_many", 0);
}

fn get_many_behind_a_jump() {
    get_many("get_many behind a jump", 40_000);
}

fn get_many_that_wakes_a_producer() {
    let all = items(1..=4);
    at_every_instruction("get_many that wakes a producer", |n| {
        let queue = Queue::bounded(2).unwrap();
        queue.put_many(&all[..2]).unwrap();
        let producer = start(|| queue.put_many_timeout(&all[2..], DEADLINE).unwrap());
        until("sleep", || is_in_futex(producer.pid()));
        let victim = Victim::new(|| {
            queue.get_many(&mut Vec::new(), 2).unwrap();
        });
        let reached = victim.steps(n);
        victim.kill();
        until("the producer or nothing", || {
            !producer.is_alive().unwrap() || (queue.is_full() && is_in_futex(producer.pid()))
        });
        if producer.is_alive().unwrap() {
            let mut got = Vec::new();
            queue.get_many_timeout(&mut got, 2, DEADLINE).unwrap();
            assert_eq!(got, all[..2]);
        }
        assert_eq!(join(&producer), 0);
        finds_one_of(&queue, &[&all[2..]]);
        reached
    });
}

/// Whether they were done or not: `join` ends, and says what was lost.
fn task_done_many() {
    at_every_instruction("task_done_many", |n| {
        let queue = JoinableQueue::<u32>::new().unwrap();
        queue.put_many(1..=3).unwrap();
        let victim = Victim::new(|| {
            let got = queue.get_many(&mut Vec::new(), 2).unwrap();
            queue.task_done_many(got).unwrap();
        });
        let reached = victim.steps(n);
        let pid = victim.pid().as_raw() as u32;
        victim.kill();
        let left = queue.len();
        assert!(left == 3 || left == 1, "{left}");
        let judge = start(|| {
            let mut got = Vec::new();
            queue.get_many_timeout(&mut got, 3, DEADLINE).unwrap();
            assert_eq!(got.len(), left);
            queue.task_done_many(left).unwrap();
            match queue.join_timeout(DEADLINE) {
                Ok(()) => {}
                Err(Error::ItemsLost { pid: p, items: 2 }) if p == pid && left == 1 => {}
                Err(error) => panic!("{error}"),
            }
            queue.join_timeout(DEADLINE).unwrap();
        });
        assert_eq!(join(&judge), 0);
        reached
    });
}
