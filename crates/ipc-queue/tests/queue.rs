//! Queues: what is put comes out, once, whole and in order, whoever lives and whoever dies.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Error, Event, JoinableQueue, Queue};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;
use testing::memory::{pattern, small_queue};
use testing::processes::{DEADLINE, is_in_futex, join, start, storm_of_signals, until};
use testing::tests;

tests![
    sizes_0_1_2_1_0,
    full_and_empty_are_said_in_time_and_not_early,
    many_bytes_wait_when_they_are_serialised,
    an_item_that_cannot_be_encoded_takes_no_place,
    an_item_that_cannot_be_decoded_is_its_readers_alone,
    an_item_that_never_fits_is_refused_with_the_limit,
    sixty_four_mebibytes,
    a_process_may_end_with_its_items_unread,
    each_producers_order_is_kept,
    threads_and_processes_share_it,
    closing_wakes_all,
    a_loop_ends_at_the_end_and_nowhere_else,
    what_items_borrow_as_can_be_put,
    signal_handlers_do_not_disturb_a_wait,
    a_deadline_is_kept_though_another_waits_first,
    killed_waiters_harm_nobody,
    an_idle_wait_takes_no_time,
    a_random_run_agrees_with_a_model,
    a_storm_of_kills,
];

fn sizes_0_1_2_1_0() {
    let queue = Queue::bounded(2).unwrap();
    let sizes = || (queue.len(), queue.is_empty(), queue.is_full());
    assert_eq!(sizes(), (0, true, false));
    queue.put(&1).unwrap();
    assert_eq!(sizes(), (1, false, false));
    queue.put(&2).unwrap();
    assert_eq!(sizes(), (2, false, true));
    assert_eq!(queue.get().unwrap(), 1);
    assert_eq!(sizes(), (1, false, false));
    assert_eq!(queue.get().unwrap(), 2);
    assert_eq!(sizes(), (0, true, false));
}

fn full_and_empty_are_said_in_time_and_not_early() {
    let queue = Queue::bounded(1).unwrap();
    let timeout = Duration::from_millis(60);
    assert!(matches!(queue.try_get(), Err(Error::Empty)));
    assert!(matches!(queue.get_timeout(Duration::ZERO), Err(Error::Empty)));
    let begin = Instant::now();
    assert!(matches!(queue.get_timeout(timeout), Err(Error::Empty)));
    assert!(begin.elapsed() >= timeout);
    queue.put(&7).unwrap();
    assert!(matches!(queue.try_put(&8), Err(Error::Full)));
    assert!(matches!(queue.put_timeout(&8, Duration::ZERO), Err(Error::Full)));
    let begin = Instant::now();
    assert!(matches!(queue.put_timeout(&8, timeout), Err(Error::Full)));
    assert!(begin.elapsed() >= timeout);
    assert_eq!(queue.get_timeout(Duration::MAX).unwrap(), 7);
}

/// What is being serialised may have been locked for that, so there is no waiting meanwhile.
fn many_bytes_wait_when_they_are_serialised() {
    static SERIALISED: LazyLock<Event> = LazyLock::new(|| Event::new().unwrap());
    #[derive(Deserialize)]
    struct Slow(ByteBuf);
    impl Serialize for Slow {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let serialised = self.0.serialize(serializer);
            SERIALISED.set();
            serialised
        }
    }
    let queue = Queue::bounded(1).unwrap();
    let item = Slow(ByteBuf::from(vec![1; 100_000]));
    queue.put(&item).unwrap();
    SERIALISED.clear();
    let waiter = start(|| queue.put_timeout(&item, DEADLINE).unwrap());
    assert!(SERIALISED.wait_timeout(DEADLINE / 2), "it waits in the middle");
    (0..2).for_each(|_| assert!(queue.get_timeout(DEADLINE).unwrap().0 == item.0));
    assert_eq!(join(&waiter), 0);
}

/// A number that cannot be encoded if it is odd, nor decoded if it is divisible by 4.
#[derive(Debug, PartialEq)]
struct Fussy(u32);

impl Serialize for Fussy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 2 == 1 {
            return Err(serde::ser::Error::custom("it is odd"));
        }
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fussy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            n if n % 4 == 0 => Err(serde::de::Error::custom("it is divisible by 4")),
            n => Ok(Fussy(n)),
        }
    }
}

fn an_item_that_cannot_be_encoded_takes_no_place() {
    let queue = Queue::bounded(1).unwrap();
    for _ in 0..20 {
        let error = queue.put(&Fussy(3)).unwrap_err();
        assert!(
            matches!(error, Error::Encode(_)) && error.to_string().contains("it is odd"),
            "{error}"
        );
    }
    assert!(queue.is_empty());
    queue.try_put(&Fussy(2)).unwrap();
    assert_eq!(queue.get().unwrap(), Fussy(2));
}

fn an_item_that_cannot_be_decoded_is_its_readers_alone() {
    let queue = Queue::new().unwrap();
    [2, 4, 6].iter().for_each(|&n| queue.put(&Fussy(n)).unwrap());
    assert_eq!(queue.get().unwrap(), Fussy(2));
    let error = queue.get().unwrap_err();
    assert!(
        matches!(error, Error::Decode(_)) && error.to_string().contains("divisible"),
        "{error}"
    );
    assert_eq!(queue.get().unwrap(), Fussy(6));
}

fn an_item_that_never_fits_is_refused_with_the_limit() {
    let queue = small_queue();
    let Err(Error::TooLarge { size, limit }) = queue.put(&"x".repeat(3 << 20)) else { panic!() };
    assert!(size > limit && limit > 100_000);
    // It is exact. (A text of this size has five bytes more.)
    assert!(matches!(queue.put(&"x".repeat(limit - 4)), Err(Error::TooLarge { .. })));
    // And from wherever the ring stands, there is room for it.
    for advance in 0..20 {
        queue.put(&"x".repeat(advance * 10_000)).unwrap();
        queue.get().unwrap();
        queue.try_put(&"x".repeat(limit - 5)).unwrap();
        assert_eq!(queue.get().unwrap().len(), limit - 5);
    }
}

fn sixty_four_mebibytes() {
    let queue = Queue::new().unwrap();
    let child = start(|| {
        queue.put(&ByteBuf::from(pattern(0, 64 << 20))).unwrap();
    });
    let bytes = queue.get_timeout(DEADLINE).unwrap();
    assert!(bytes == pattern(0, 64 << 20));
    assert_eq!(join(&child), 0);
}

fn a_process_may_end_with_its_items_unread() {
    let queue = Queue::new().unwrap();
    let child = start(|| (0..100).for_each(|_| queue.put(&"x".repeat(10_000)).unwrap()));
    assert_eq!(join(&child), 0);
    assert_eq!(queue.len(), 100);
    assert!((0..100).all(|_| queue.try_get().unwrap().len() == 10_000));
}

fn each_producers_order_is_kept() {
    const ITEMS: u32 = 20_000;
    for queue in [Queue::new().unwrap(), Queue::bounded(5).unwrap()] {
        let producers: Vec<Child> = (0..3_u32)
            .map(|producer| {
                let queue = &queue;
                start(move || (0..ITEMS).for_each(|n| queue.put(&(producer, n)).unwrap()))
            })
            .collect();
        let consume = || {
            let mut last: HashMap<u32, u32> = HashMap::new();
            while let Ok((producer, n)) = queue.get() {
                assert!(last.insert(producer, n).is_none_or(|last| last < n));
            }
        };
        let consumers: Vec<Child> = (0..2).map(|_| start(consume)).collect();
        assert!(producers.iter().all(|producer| join(producer) == 0));
        queue.close();
        assert!(consumers.iter().all(|consumer| join(consumer) == 0));
        assert!(queue.is_empty());
    }
}

fn threads_and_processes_share_it() {
    let queue = Queue::bounded(3).unwrap();
    let child = start(|| (0..1000_u64).for_each(|n| queue.put(&n).unwrap()));
    let total: u64 = thread::scope(|scope| {
        let take = || (0..500).map(|_| queue.get_timeout(DEADLINE).unwrap()).sum::<u64>();
        let threads = [scope.spawn(take), scope.spawn(take)];
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, 999 * 1000 / 2);
    assert_eq!(join(&child), 0);
}

/// Even ones can be put, but not taken.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
struct Odd(u32);

impl From<Odd> for u32 {
    fn from(odd: Odd) -> u32 {
        odd.0
    }
}

impl TryFrom<u32> for Odd {
    type Error = &'static str;

    fn try_from(n: u32) -> Result<Self, Self::Error> {
        if n % 2 == 1 { Ok(Odd(n)) } else { Err("it is even") }
    }
}

fn a_loop_ends_at_the_end_and_nowhere_else() {
    let queue = Queue::<Odd>::new().unwrap();
    let consumer = start(|| {
        let items: Vec<bool> = queue.into_iter().map(|item| item.is_ok()).collect();
        assert_eq!(items, [true, false, true]);
    });
    [1, 2, 3].into_iter().for_each(|n| queue.put(&Odd(n)).unwrap());
    queue.close();
    assert_eq!(join(&consumer), 0);
    let queue = JoinableQueue::new().unwrap();
    [1, 2].into_iter().for_each(|n| queue.put(&n).unwrap());
    queue.close();
    for item in &queue {
        item.unwrap();
        queue.task_done().unwrap();
    }
    queue.join_timeout(DEADLINE).unwrap();
    let (left, right) = ipc_common::pipe::<u32, ()>().unwrap();
    [1, 2].into_iter().for_each(|n| left.send(&n).unwrap());
    drop(left);
    assert_eq!(right.into_iter().collect::<Result<Vec<_>, _>>().unwrap(), [1, 2]);
}

fn what_items_borrow_as_can_be_put() {
    let (texts, rows) = (Queue::<String>::new().unwrap(), JoinableQueue::<Vec<u8>>::new().unwrap());
    texts.put_borrowed("text").unwrap();
    rows.put_borrowed(&[1, 2, 3][1..]).unwrap();
    assert_eq!((texts.get().unwrap(), rows.get().unwrap()), ("text".to_string(), vec![2, 3]));
    rows.task_done().unwrap();
}

fn closing_wakes_all() {
    let (empty, full) = (Queue::<u8>::new().unwrap(), Queue::bounded(1).unwrap());
    full.put(&1_u8).unwrap();
    let getters = (0..3).map(|_| start(|| assert!(matches!(empty.get(), Err(Error::Closed)))));
    let putters = (0..3).map(|_| start(|| assert!(matches!(full.put(&2), Err(Error::Closed)))));
    let waiters: Vec<Child> = getters.chain(putters).collect();
    until("sleep", || waiters.iter().all(|waiter| is_in_futex(waiter.pid())));
    empty.close();
    full.close();
    assert!(waiters.iter().all(|waiter| join(waiter) == 0));
    assert!(matches!(full.try_put(&3), Err(Error::Closed)));
    assert_eq!(full.get().unwrap(), 1);
    assert!(matches!(full.get(), Err(Error::Closed)));
}

fn signal_handlers_do_not_disturb_a_wait() {
    let queue = Queue::bounded(1).unwrap();
    let _storm = storm_of_signals();
    let (begin, timeout) = (Instant::now(), Duration::from_millis(100));
    assert!(matches!(queue.get_timeout(timeout), Err(Error::Empty)));
    queue.put(&0).unwrap();
    assert!(matches!(queue.put_timeout(&1, timeout), Err(Error::Full)));
    assert!(begin.elapsed() >= 2 * timeout);
    assert_eq!(queue.get().unwrap(), 0);
    let echo = Queue::bounded(1).unwrap();
    let child = start(|| (0..20_000).for_each(|_| echo.put(&queue.get().unwrap()).unwrap()));
    for n in 0..20_000 {
        queue.put(&n).unwrap();
        assert_eq!(echo.get().unwrap(), n);
    }
    assert_eq!(join(&child), 0);
}

fn a_deadline_is_kept_though_another_waits_first() {
    let queue = Queue::bounded(1).unwrap();
    let first = start(|| assert_eq!(queue.get().unwrap(), 1));
    until("sleep", || is_in_futex(first.pid()));
    let (begin, timeout) = (Instant::now(), Duration::from_millis(60));
    assert!(matches!(queue.try_get(), Err(Error::Empty)));
    assert!(matches!(queue.get_timeout(timeout), Err(Error::Empty)));
    assert!(begin.elapsed() >= timeout);
    queue.put(&1).unwrap();
    assert_eq!(join(&first), 0);

    queue.put(&2).unwrap();
    let first = start(|| queue.put(&3).unwrap());
    until("sleep", || is_in_futex(first.pid()));
    assert!(matches!(queue.try_put(&4), Err(Error::Full)));
    assert!(matches!(queue.put_timeout(&4, timeout), Err(Error::Full)));
    assert_eq!((queue.get().unwrap(), join(&first), queue.get().unwrap()), (2, 0, 3));
}

fn killed_waiters_harm_nobody() {
    let queue = Queue::bounded(1).unwrap();
    for _ in 0..20 {
        let getters: Vec<Child> =
            (0..3).map(|_| start(|| assert_eq!(queue.get().unwrap(), 1))).collect();
        until("sleep", || getters.iter().all(|getter| is_in_futex(getter.pid())));
        for getter in &getters[..2] {
            getter.kill().unwrap();
            assert_eq!(join(getter), -9);
        }
        queue.put_timeout(&1, DEADLINE).unwrap();
        assert_eq!(join(&getters[2]), 0);

        queue.put(&2).unwrap();
        let putters: Vec<Child> = (0..3).map(|_| start(|| queue.put(&3).unwrap())).collect();
        until("sleep", || putters.iter().all(|putter| is_in_futex(putter.pid())));
        for putter in &putters[..2] {
            putter.kill().unwrap();
            assert_eq!(join(putter), -9);
        }
        assert_eq!(queue.get_timeout(DEADLINE).unwrap(), 2);
        assert_eq!(join(&putters[2]), 0);
        assert_eq!(queue.get_timeout(DEADLINE).unwrap(), 3);
    }
}

fn an_idle_wait_takes_no_time() {
    let queue = Queue::<u8>::new().unwrap();
    let waiter = start(|| drop(queue.get()));
    until("sleep", || is_in_futex(waiter.pid()));
    // User and system time, in ticks.
    let time = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", waiter.pid())).unwrap();
        let fields = stat.rsplit(") ").next().unwrap().split(' ').skip(11).take(2);
        fields.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>()
    };
    let before = time();
    thread::sleep(Duration::from_millis(500));
    assert!(time() - before <= 1, "a waiter is busy");
}

/// Puts and gets of random sizes, on rings that wrap, fill and spill, next to a deque.
fn a_random_run_agrees_with_a_model() {
    for round in 0..60 {
        let seed: u64 = rand::random();
        let mut random = StdRng::seed_from_u64(seed);
        let (bound, queue) = match round % 3 {
            0 => (usize::MAX, small_queue()),
            1 => (usize::MAX, Queue::new().unwrap()),
            _ => (7, Queue::bounded(7).unwrap()),
        };
        let mut model: VecDeque<String> = VecDeque::new();
        for step in 0..3000 {
            // Now rather filling, now rather draining.
            let filling = if step / 300 % 2 == 0 { 0.7 } else { 0.3 };
            if random.random_bool(filling) {
                let most = *[10, 1_000, 30_000, 200_000].get(random.random_range(0..4)).unwrap();
                let item = format!("{step} {}", "x".repeat(random.random_range(0..most)));
                match queue.try_put(&item) {
                    Ok(()) => model.push_back(item),
                    Err(Error::Full) if model.len() == bound => {}
                    Err(Error::Full) if round % 3 == 0 => {
                        // A small ring, full of bytes.
                        assert!(queue.is_full(), "seed {seed}, step {step}");
                        continue;
                    }
                    Err(error) => panic!("seed {seed}, step {step}: {error}"),
                }
            } else {
                match queue.try_get() {
                    Ok(item) => {
                        assert!(model.pop_front() == Some(item), "seed {seed}, step {step}")
                    }
                    Err(Error::Empty) => assert!(model.is_empty(), "seed {seed}, step {step}"),
                    Err(error) => panic!("seed {seed}, step {step}: {error}"),
                }
            }
            let sizes = (queue.len(), queue.is_empty(), queue.is_full());
            let may_be_full = round % 3 == 0 && queue.is_full();
            let right = (model.len(), model.is_empty(), model.len() == bound || may_be_full);
            assert_eq!(sizes, right, "seed {seed}, step {step}");
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Checked {
    producer: u64,
    number: u64,
    text: String,
    sum: u64,
}

impl Checked {
    fn new(producer: u64, number: u64) -> Self {
        let text = "checked ".repeat((number * 7 % 50) as usize);
        let sum = Self::sum(producer, number, &text);
        Checked { producer, number, text, sum }
    }

    fn sum(producer: u64, number: u64, text: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (producer, number, text).hash(&mut hasher);
        hasher.finish()
    }
}

/// Producers and consumers are killed at random moments and replaced. Nothing comes torn, twice or
/// out of order; what is missing at the end is no more than the dead can have had in their hands.
fn a_storm_of_kills() {
    let seconds = std::env::var("STORM_SECONDS").map_or(1, |seconds| seconds.parse().unwrap());
    let queue = Queue::bounded(100).unwrap();
    // What consumers have seen goes on to this process; what each producer had put, too.
    let (seen, put) = (Queue::new().unwrap(), Queue::new().unwrap());
    let produce = |producer: u64| {
        for number in 0.. {
            queue.put_timeout(&Checked::new(producer, number), DEADLINE).unwrap();
            put.put(&(producer, number)).unwrap();
        }
    };
    let consume = || {
        loop {
            let Checked { producer, number, text, sum } = queue.get_timeout(DEADLINE).unwrap();
            assert_eq!(sum, Checked::sum(producer, number, &text), "torn");
            seen.put(&(producer, number)).unwrap();
        }
    };
    let mut producers: Vec<Child> = (0..4).map(|id| start(|| produce(id))).collect();
    let mut consumers: Vec<Child> = (0..4).map(|_| start(consume)).collect();
    let (mut kills, mut next_id) = ((0, 0), 4);
    let (mut came, mut went): (HashMap<u64, Vec<u64>>, HashMap<u64, u64>) = Default::default();
    let mut account = || {
        while let Ok((producer, number)) = seen.try_get() {
            came.entry(producer).or_default().push(number);
        }
        while let Ok((producer, number)) = put.try_get() {
            went.insert(producer, number + 1);
        }
    };
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(seconds) {
        thread::sleep(Duration::from_micros(rand::random_range(0..3000)));
        let place = rand::random_range(0..4);
        if rand::random() {
            producers[place].kill().unwrap();
            assert_eq!(join(&producers[place]), -9, "a producer found something wrong");
            producers[place] = start(|| produce(next_id));
            (next_id, kills.0) = (next_id + 1, kills.0 + 1);
        } else {
            consumers[place].kill().unwrap();
            assert_eq!(join(&consumers[place]), -9, "a consumer found something wrong");
            consumers[place] = start(consume);
            kills.1 += 1;
        }
        account();
    }
    for producer in &producers {
        producer.kill().unwrap();
        assert_eq!(join(producer), -9, "a producer found something wrong");
    }
    until("the queue's end", || queue.is_empty());
    // Those who wait in `get` now have nothing in their hands when they are killed.
    until("sleep", || consumers.iter().all(|consumer| is_in_futex(consumer.pid())));
    for consumer in &consumers {
        consumer.kill().unwrap();
        assert_eq!(join(consumer), -9, "a consumer found something wrong");
    }
    account();
    let (mut total, mut missing) = (0, 0);
    for (producer, numbers) in &mut came {
        numbers.sort_unstable();
        let before = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), before, "an item of producer {producer} came twice");
        // It may have been killed between `put` and telling so: at most one more.
        let went = went.get(producer).copied().unwrap_or(0);
        assert!(*numbers.last().unwrap() <= went, "an item that was never put");
        total += numbers.len() as u64;
    }
    for (producer, went) in &went {
        let numbers = came.get(producer).map_or(&[][..], |numbers| numbers);
        missing += went - numbers.iter().filter(|&&number| number < *went).count() as u64;
    }
    println!("{total} items, {} + {} kills, {missing} missing", kills.0, kills.1);
    assert!(total > 1000);
    assert!(missing <= kills.1, "more is missing than dead consumers had in hand");
}
