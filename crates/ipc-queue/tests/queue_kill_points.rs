//! A process is killed at every instruction of `put`, of `get` and of `task_done`, in turn: the
//! others go on, in order, and nothing is torn.

use std::time::Duration;

use ipc_common::{Error, JoinableQueue, Queue};
use serde_bytes::ByteBuf;
use testing::kill_points::{at_every_instruction, at_every_instruction_slowly};
use testing::memory::{pattern, small_queue};
use testing::processes::{DEADLINE, is_in_futex, join, start, until};
use testing::tests;
use testing::victim::Victim;

tests![
    put_into_an_empty_queue,
    put_behind_others,
    put_that_goes_back_to_the_beginning,
    put_into_the_room_that_is_left,
    put_that_waits_for_room,
    put_that_wakes_a_consumer,
    get_the_only_item,
    get_the_first_of_several,
    get_behind_a_jump,
    get_that_gives_memory_back,
    get_that_gives_memory_back_while_it_waits,
    get_that_waits_for_an_item,
    get_that_wakes_a_producer,
    task_done,
    put_of_many_bytes,
    get_of_many_bytes,
];

/// A number, and a text that is as long as it says.
type Item = (usize, String);

fn item(size: usize) -> Item {
    (size, (0..size).map(|i| char::from(b'a' + ((i * 7 + size) % 26) as u8)).collect())
}

fn items(sizes: &[usize]) -> Vec<Item> {
    sizes.iter().map(|&size| item(size)).collect()
}

/// What another process finds: these items or, where the victim may have got so far, those.
fn finds(queue: &Queue<Item>, these: &[Item], or_those: &[Item]) {
    let judge = start(|| {
        let found: Vec<Item> =
            (0..queue.len()).map(|_| queue.get_timeout(DEADLINE).unwrap()).collect();
        assert!(found == these || found == or_those, "found {:?}", sizes(&found));
        assert!(queue.is_empty() && matches!(queue.try_get(), Err(Error::Empty)));
        for size in [0, 1, 20_000, 1] {
            queue.put_timeout(&item(size), DEADLINE).unwrap();
            assert_eq!(queue.len(), 1);
            assert_eq!(queue.get_timeout(DEADLINE).unwrap(), item(size));
        }
    });
    assert_eq!(join(&judge), 0, "the others cannot go on");
}

fn sizes(items: &[Item]) -> Vec<usize> {
    items.iter().map(|item| item.0).collect()
}

/// Kills at every instruction of putting an item of `size` into a queue with `before` in it.
fn put(name: &str, size: usize, prepare: impl Fn() -> (Queue<Item>, Vec<Item>)) {
    at_every_instruction(name, |n| {
        let (queue, before) = prepare();
        let item = item(size);
        let victim = Victim::new(|| queue.put(&item).unwrap());
        let reached = victim.steps(n);
        victim.kill();
        let mut after = before.clone();
        after.push(item);
        finds(&queue, &before, &after);
        reached
    });
}

/// Kills at every instruction of getting the first of what `prepare` has put.
fn get(name: &str, prepare: impl Fn() -> (Queue<Item>, Vec<Item>)) {
    at_every_instruction(name, |n| {
        let (queue, before) = prepare();
        let victim = Victim::new(|| drop(queue.get().unwrap()));
        let reached = victim.steps(n);
        victim.kill();
        finds(&queue, &before, &before[1..]);
        reached
    });
}

fn with(queue: Queue<Item>, sizes: &[usize]) -> (Queue<Item>, Vec<Item>) {
    let items = items(sizes);
    items.iter().for_each(|item| queue.put(item).unwrap());
    (queue, items)
}

/// So much was put and taken that a producer goes back to the beginning with the next item.
fn advanced(queue: Queue<Item>, by: usize) -> Queue<Item> {
    queue.put(&item(by)).unwrap();
    queue.get().unwrap();
    queue
}

fn put_into_an_empty_queue() {
    put("put into an empty queue", 30, || with(Queue::new().unwrap(), &[]));
}

fn put_behind_others() {
    put("put behind others", 30_000, || with(Queue::bounded(10).unwrap(), &[5, 0, 70]));
}

fn put_that_goes_back_to_the_beginning() {
    put("put that goes back", 100, || with(advanced(Queue::new().unwrap(), 40_000), &[9]));
}

fn put_into_the_room_that_is_left() {
    // Behind the items too little room is left, and before them too little to go back unasked.
    let Err(Error::TooLarge { limit, .. }) = small_queue().put(&item(8 << 20)) else { panic!() };
    let before = items(&[15_000, limit - 1_000, limit - 15_200]);
    put("put into what is left", 1_500, || {
        let queue = small_queue();
        before.iter().for_each(|item| queue.put(item).unwrap());
        assert!(matches!(queue.try_put(&item(20_000)), Err(Error::Full)));
        queue.get().unwrap();
        (queue, before[1..].to_vec())
    });
}

fn put_that_waits_for_room() {
    at_every_instruction("put that waits", |n| {
        let (queue, before) = with(Queue::bounded(2).unwrap(), &[1, 2]);
        let victim = Victim::new(|| queue.put(&item(3)).unwrap());
        let mut taken = 0;
        let reached = victim.steps_and_wake(n, || {
            assert_eq!(queue.get_timeout(DEADLINE).unwrap(), before[taken]);
            taken += 1;
        });
        victim.kill();
        let mut after = before[taken..].to_vec();
        after.push(item(3));
        finds(&queue, &before[taken..], &after);
        reached
    });
}

fn put_that_wakes_a_consumer() {
    at_every_instruction("put that wakes a consumer", |n| {
        let queue = Queue::new().unwrap();
        let consumer = start(|| assert!(queue.get_timeout(DEADLINE).unwrap() <= 1));
        until("sleep", || is_in_futex(consumer.pid()));
        let victim = Victim::new(|| queue.put(&1_u32).unwrap());
        let reached = victim.steps(n);
        victim.kill();
        // Either the item came, and then the consumer must have heard of it, or it did not.
        until("the consumer or nothing", || {
            !consumer.is_alive().unwrap() || (queue.is_empty() && is_in_futex(consumer.pid()))
        });
        if consumer.is_alive().unwrap() {
            queue.put_timeout(&0, DEADLINE).unwrap();
        }
        assert_eq!(join(&consumer), 0);
        assert!(queue.is_empty());
        reached
    });
}

fn get_the_only_item() {
    get("get the only item", || with(Queue::new().unwrap(), &[30]));
}

fn get_the_first_of_several() {
    get("get the first", || with(Queue::bounded(3).unwrap(), &[3_000, 0, 500]));
}

fn get_behind_a_jump() {
    get("get behind a jump", || with(advanced(Queue::new().unwrap(), 40_000), &[9, 0, 3]));
}

fn get_that_gives_memory_back() {
    let large = item(17 << 20);
    get("get that gives memory back", || {
        let queue = Queue::new().unwrap();
        queue.put(&large).unwrap();
        queue.get().unwrap();
        with(queue, &[9])
    });
}

fn get_that_gives_memory_back_while_it_waits() {
    let large = ByteBuf::from(vec![7; 65 << 20]);
    at_every_instruction_slowly("get that gives memory back while it waits", |n| {
        let queue = Queue::new().unwrap();
        queue.put(&large).unwrap();
        queue.get().unwrap();
        let in_vain = || assert!(queue.get_timeout(Duration::from_nanos(1)).is_err());
        let victim = Victim::new(in_vain);
        let reached = victim.steps_and_wake(n, || ()); // it wakes by itself, if it sleeps at all
        victim.kill();
        finds_last(&queue, &[many_bytes(1)], &[0]);
        reached
    });
}

fn get_that_waits_for_an_item() {
    at_every_instruction("get that waits", |n| {
        let queue = Queue::new().unwrap();
        let victim = Victim::new(|| drop(queue.get().unwrap()));
        let mut put = false;
        let reached = victim.steps_and_wake(n, || {
            queue.put_timeout(&item(5), DEADLINE).unwrap();
            put = true;
        });
        victim.kill();
        finds(&queue, &items(&[5][..usize::from(put)]), &[]);
        reached
    });
}

fn get_that_wakes_a_producer() {
    at_every_instruction("get that wakes a producer", |n| {
        let queue = Queue::bounded(1).unwrap();
        queue.put(&item(1)).unwrap();
        let producer = start(|| queue.put_timeout(&item(2), DEADLINE).unwrap());
        until("sleep", || is_in_futex(producer.pid()));
        let victim = Victim::new(|| drop(queue.get().unwrap()));
        let reached = victim.steps(n);
        victim.kill();
        until("the producer or nothing", || {
            !producer.is_alive().unwrap() || (queue.is_full() && is_in_futex(producer.pid()))
        });
        if producer.is_alive().unwrap() {
            assert_eq!(queue.get_timeout(DEADLINE).unwrap(), item(1));
        }
        assert_eq!(join(&producer), 0);
        finds(&queue, &items(&[2]), &[]);
        reached
    });
}

/// Whether it was done or not: `join` ends, and says what was lost.
fn task_done() {
    at_every_instruction("task_done", |n| {
        let queue = JoinableQueue::new().unwrap();
        (1..=3).for_each(|number: u32| queue.put(&number).unwrap());
        let victim = Victim::new(|| {
            queue.get().unwrap();
            queue.task_done().unwrap();
        });
        let reached = victim.steps(n);
        let pid = victim.pid().as_raw() as u32;
        victim.kill();
        let left = queue.len();
        assert!(left >= 2);
        let judge = start(|| {
            for _ in 0..left {
                queue.get_timeout(DEADLINE).unwrap();
                queue.task_done().unwrap();
            }
            match queue.join_timeout(DEADLINE) {
                Ok(()) => {}
                Err(Error::ItemsLost { pid: p, items: 1 }) if p == pid && left == 2 => {}
                Err(error) => panic!("{error}"),
            }
            queue.join_timeout(DEADLINE).unwrap();
            queue.put(&9).unwrap();
            assert!(matches!(
                queue.join_timeout(std::time::Duration::ZERO),
                Err(Error::Unfinished { items: 1 })
            ));
        });
        assert_eq!(join(&judge), 0);
        reached
    });
}

/// So many go from and to where they lie without a copy between.
fn many_bytes(first: u8) -> ByteBuf {
    ByteBuf::from(pattern(first, 70_000))
}

/// What another process finds is so many items from the end of `all`.
fn finds_last(queue: &Queue<ByteBuf>, all: &[ByteBuf], counts: &[usize]) {
    let judge = start(|| {
        let count = queue.len();
        assert!(counts.contains(&count), "{count} items");
        for item in all.iter().skip(all.len() - count) {
            assert!(queue.get_timeout(DEADLINE).unwrap() == *item);
        }
        queue.put_timeout(&all[0], DEADLINE).unwrap();
        assert!(queue.get_timeout(DEADLINE).unwrap() == all[0]);
    });
    assert_eq!(join(&judge), 0, "the others cannot go on");
}

fn put_of_many_bytes() {
    let item = many_bytes(1);
    at_every_instruction("put of many bytes", |n| {
        let queue = Queue::new().unwrap();
        let victim = Victim::new(|| queue.put(&item).unwrap());
        let reached = victim.steps(n);
        victim.kill();
        finds_last(&queue, &[many_bytes(1)], &[0, 1]);
        reached
    });
}

fn get_of_many_bytes() {
    let items = [many_bytes(1), many_bytes(2)];
    at_every_instruction("get of many bytes", |n| {
        let queue = Queue::new().unwrap();
        items.iter().for_each(|item| queue.put(item).unwrap());
        let victim = Victim::new(|| drop(queue.get().unwrap()));
        let reached = victim.steps(n);
        victim.kill();
        finds_last(&queue, &items, &[1, 2]);
        reached
    });
}
