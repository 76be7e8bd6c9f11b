//! Many items at once: all of them, in order, once.

use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use ipc_common::{Child, Error, JoinableQueue, Lock, Queue, wait};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;
use testing::memory::small_queue;
use testing::processes::{DEADLINE, is_in_futex, join, start, until};
use testing::signpost::Signpost;
use testing::tests;

tests![
    they_come_out_in_order,
    they_mix_with_single_items,
    items_of_all_sizes,
    short_items_among_long_ones,
    a_bounded_queue_takes_what_fits,
    a_bounded_queue_is_waited_for,
    more_than_fits_into_memory_goes_through,
    no_time_and_too_little_time,
    it_is_closed,
    an_item_that_cannot_be_encoded_keeps_the_others_back,
    an_item_that_never_fits_keeps_the_others_back,
    items_that_cannot_be_decoded_do_not_harm_the_others,
    a_descriptor_tells_of_many,
    many_producers_and_consumers,
    items_in_hand,
    bad_items_are_done,
    a_consumer_that_dies_with_many_is_named,
];

const SHORT: Duration = Duration::from_millis(20);

/// What is there, at once.
fn rest<T: ipc_common::Message>(queue: &Queue<T>) -> Vec<T> {
    let mut items = Vec::new();
    match queue.try_get_many(&mut items, usize::MAX) {
        Ok(got) => assert_eq!(got, items.len()),
        Err(error) => assert!(matches!(error, Error::Empty) && items.is_empty(), "{error}"),
    }
    items
}

fn they_come_out_in_order() {
    let queue = Queue::<u64>::new().unwrap();
    let numbers: Vec<u64> = (0..10_000).map(|n: u64| n.pow(n as u32 % 5)).collect();
    queue.put_many(&numbers).unwrap();
    queue.put_many(numbers.iter().copied()).unwrap();
    queue.put_many(&[] as &[u64]).unwrap();
    assert_eq!(queue.len(), 20_000);
    let mut got = Vec::new();
    assert_eq!(queue.get_many(&mut got, 0).unwrap(), 0);
    assert_eq!(queue.get_many(&mut got, 10_000).unwrap(), 10_000);
    assert_eq!(got, numbers);
    assert_eq!(queue.len(), 10_000);
    assert_eq!(rest(&queue), numbers);
    assert!(queue.is_empty());
}

fn they_mix_with_single_items() {
    let queue = Queue::<u32>::bounded(100).unwrap();
    for round in 0..1000 {
        queue.put_many(round..round + round % 7).unwrap();
        queue.put(&(round + round % 7)).unwrap();
        assert_eq!(queue.get().unwrap(), round);
        let others: Vec<u32> = (round + 1..=round + round % 7).collect();
        assert_eq!(rest(&queue), others);
    }
}

fn items_of_all_sizes() {
    let queue = Queue::<String>::new().unwrap();
    let texts: Vec<String> = (0..600).chain([40_000, 3, 70_000]).map(|n| "x".repeat(n)).collect();
    let bytes: Vec<ByteBuf> = (0..300)
        .chain([65_535, 65_536, 3, 3_000_000, 1])
        .map(|n| ByteBuf::from(vec![n as u8; n]))
        .collect();
    for _ in 0..3 {
        queue.put_many(&texts).unwrap();
        assert!(rest(&queue) == texts);
        queue.put_many(&texts).unwrap();
        assert!((0..texts.len()).all(|n| queue.get().unwrap() == texts[n]));
    }
    let queue = Queue::<ByteBuf>::new().unwrap();
    for _ in 0..3 {
        queue.put_many(&bytes).unwrap();
        bytes.iter().for_each(|item| queue.put(item).unwrap());
        assert!(rest(&queue) == [&bytes[..], &bytes[..]].concat());
    }
}

/// Both kinds lie differently on their way.
fn short_items_among_long_ones() {
    let queue = Queue::<String>::new().unwrap();
    for round in 0..200_usize {
        let len = |n: usize| if n.is_multiple_of(round % 7 + 1) { n % 5 } else { n * round % 300 };
        let items: Vec<String> = (0..150).map(|n| "x".repeat(len(n))).collect();
        queue.put_many(&items).unwrap();
        assert_eq!(queue.len(), items.len());
        assert_eq!(queue.get().unwrap(), items[0]);
        assert_eq!(rest(&queue), items[1..]);
    }
}

fn a_bounded_queue_takes_what_fits() {
    let queue = Queue::<u32>::bounded(7).unwrap();
    assert_eq!(queue.try_put_many(0..5).unwrap(), 5);
    assert_eq!(queue.try_put_many(5..10).unwrap(), 2);
    assert!(queue.is_full());
    assert!(matches!(queue.try_put_many(7..10), Err(Error::Full)));
    assert_eq!(queue.try_put_many([] as [u32; 0]).unwrap(), 0);
    assert_eq!((queue.get().unwrap(), queue.get().unwrap()), (0, 1));
    assert_eq!(queue.try_put_many(7..1000).unwrap(), 2);
    assert_eq!(rest(&queue), (2..9).collect::<Vec<u32>>());
}

fn a_bounded_queue_is_waited_for() {
    let queue = Queue::<u32>::bounded(3).unwrap();
    let producer = start(|| queue.put_many(0..5000).unwrap());
    until("full", || queue.is_full());
    let mut got = Vec::new();
    while got.len() < 5000 {
        let before = got.len();
        let count = queue.get_many_timeout(&mut got, 4, DEADLINE).unwrap();
        assert!((1..=4).contains(&count) && got.len() == before + count);
    }
    assert_eq!(got, (0..5000).collect::<Vec<u32>>());
    assert_eq!(join(&producer), 0);
}

fn more_than_fits_into_memory_goes_through() {
    let queue = small_queue::<ByteBuf>();
    let items: Vec<ByteBuf> = (0..3000_u32).map(|n| ByteBuf::from(vec![n as u8; 997])).collect();
    let producer = start(|| queue.put_many(&items).unwrap());
    until("sleep", || is_in_futex(producer.pid()));
    let mut got = Vec::new();
    while got.len() < items.len() {
        queue.get_many_timeout(&mut got, 100, DEADLINE).unwrap();
    }
    assert!(got == items);
    assert_eq!(join(&producer), 0);
}

fn no_time_and_too_little_time() {
    let queue = Queue::<u32>::bounded(3).unwrap();
    let mut got = Vec::new();
    assert!(matches!(queue.get_many_timeout(&mut got, 2, SHORT), Err(Error::Empty)));
    assert!(matches!(queue.try_get_many(&mut got, 2), Err(Error::Empty)));
    let error = queue.put_many_timeout(0..5, SHORT).unwrap_err();
    let Error::PutInPart { put: 3, source } = error else { panic!("{error}") };
    assert!(matches!(*source, Error::Full));
    assert!(matches!(queue.put_many_timeout(5..7, SHORT), Err(Error::Full)));
    assert_eq!(rest(&queue), [0, 1, 2]);
    queue.put_many_timeout(7..10, SHORT).unwrap();
    assert_eq!(rest(&queue), [7, 8, 9]);
}

fn it_is_closed() {
    let queue = Queue::<u32>::bounded(3).unwrap();
    let producer = start(|| {
        let error = queue.put_many(0..5).unwrap_err();
        let Error::PutInPart { put: 3, source } = error else { panic!("{error}") };
        assert!(matches!(*source, Error::Closed));
    });
    until("sleep", || queue.is_full() && is_in_futex(producer.pid()));
    queue.close();
    assert_eq!(join(&producer), 0);
    assert!(matches!(queue.put_many(5..7), Err(Error::Closed)));
    assert!(matches!(queue.try_put_many(5..7), Err(Error::Closed)));
    let mut got = Vec::new();
    assert_eq!(queue.get_many(&mut got, 10).unwrap(), 3);
    assert_eq!(got, [0, 1, 2]);
    assert!(matches!(queue.get_many(&mut got, 10), Err(Error::Closed)));
}

/// How an item fares on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Comes(u32),
    IsNotWritten,
    IsNotRead,
    PanicsAtTheEnd,
}

impl Serialize for Fate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Fate::Comes(n) => serializer.serialize_u32(*n),
            Fate::IsNotWritten => {
                // What is passed once only is no item.
                Serialize::serialize(&Lock::new().unwrap(), serializer)
            }
            Fate::IsNotRead => serializer.serialize_str("no number"),
            Fate::PanicsAtTheEnd => serializer.serialize_u32(99),
        }
    }
}

impl<'de> Deserialize<'de> for Fate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let n = u32::deserialize(deserializer)?;
        assert!(n < 99, "it panics");
        Ok(Fate::Comes(n))
    }
}

fn an_item_that_cannot_be_encoded_keeps_the_others_back() {
    let queue = Queue::<Fate>::new().unwrap();
    let items = [Fate::Comes(1), Fate::IsNotWritten, Fate::Comes(2)];
    assert!(matches!(queue.put_many(items), Err(Error::Encode(_))));
    assert!(matches!(queue.try_put_many(items), Err(Error::Encode(_))));
    assert!(queue.is_empty());
    queue.put_many([items[0], items[2]]).unwrap();
    assert_eq!(rest(&queue), [items[0], items[2]]);
}

fn an_item_that_never_fits_keeps_the_others_back() {
    let queue = small_queue::<ByteBuf>();
    let items = [1, 8 << 20, 2].map(|size| ByteBuf::from(vec![7; size]));
    assert!(matches!(queue.put_many(&items), Err(Error::TooLarge { .. })));
    assert!(queue.is_empty());
    queue.put_many([&items[0], &items[2]].map(Clone::clone)).unwrap();
    assert!(rest(&queue) == [items[0].clone(), items[2].clone()]);
}

fn items_that_cannot_be_decoded_do_not_harm_the_others() {
    use Fate::{Comes, IsNotRead, PanicsAtTheEnd};
    panic::set_hook(Box::new(|_| {}));
    let queue = Queue::<Fate>::new().unwrap();
    queue.put_many([Comes(1), IsNotRead, Comes(2), IsNotRead, Comes(3)]).unwrap();
    let mut got = Vec::new();
    assert!(matches!(queue.get_many(&mut got, 4), Err(Error::Decode(_))));
    assert_eq!(got, [Comes(1), Comes(2)]);
    assert_eq!(rest(&queue), [Comes(3)]);
    queue.put_many([Comes(1), PanicsAtTheEnd, Comes(2), IsNotRead, Comes(3)]).unwrap();
    got.clear();
    let result = panic::catch_unwind(AssertUnwindSafe(|| queue.get_many(&mut got, 9)));
    assert!(result.is_err());
    assert_eq!(got, [Comes(1), Comes(2), Comes(3)]);
    assert!(queue.is_empty());
}

fn a_descriptor_tells_of_many() {
    let queue = Queue::<u32>::new().unwrap().with_fd().unwrap();
    let is_readable = || {
        let fd = queue.fd().unwrap();
        !wait(&[&fd], Some(Duration::ZERO)).unwrap().is_empty()
    };
    for _ in 0..3 {
        assert!(!is_readable());
        queue.put_many(0..5).unwrap();
        assert!(is_readable());
        queue.get_many(&mut Vec::new(), 3).unwrap();
        assert!(is_readable());
        queue.get_many(&mut Vec::new(), 3).unwrap();
    }
}

fn many_producers_and_consumers() {
    const EACH: u64 = 30_000;
    let (queue, sums) = (Queue::<(u64, u64)>::bounded(2000).unwrap(), Queue::new().unwrap());
    let put = |producer: u64| {
        let mut next = 0;
        while next < EACH {
            let end = (next + rand::random_range(1..1500)).min(EACH);
            queue.put_many((next..end).map(|n| (producer, n))).unwrap();
            next = end;
        }
    };
    let get = || {
        let (mut last, mut sum, mut items) = ([None; 3], 0, Vec::new());
        while queue.get_many(&mut items, rand::random_range(1..900)).is_ok() {
            for (producer, n) in items.drain(..) {
                let before = last[producer as usize].replace(n);
                assert!(before < Some(n), "out of order");
                sum += n + 1;
            }
        }
        sums.put(&sum).unwrap();
    };
    let producers: Vec<Child> = (0..3).map(|n| start(move || put(n))).collect();
    let consumers: Vec<Child> = (0..3).map(|_| start(get)).collect();
    assert!(producers.iter().all(|producer| join(producer) == 0));
    queue.close();
    assert!(consumers.iter().all(|consumer| join(consumer) == 0));
    let sum: u64 = rest(&sums).into_iter().sum();
    assert_eq!(sum, 3 * EACH * (EACH + 1) / 2);
}

fn items_in_hand() {
    let queue = JoinableQueue::<u32>::new().unwrap();
    queue.put_many(0..10).unwrap();
    let mut got = Vec::new();
    assert_eq!(queue.get_many(&mut got, 6).unwrap(), 6);
    assert!(matches!(queue.task_done_many(7), Err(Error::NothingInHand)));
    assert!(matches!(queue.join_timeout(Duration::ZERO), Err(Error::Unfinished { items: 10 })));
    queue.task_done().unwrap();
    queue.task_done_many(0).unwrap();
    queue.task_done_many(5).unwrap();
    assert!(matches!(queue.task_done(), Err(Error::NothingInHand)));
    assert_eq!(queue.try_get_many(&mut got, 6).unwrap(), 4);
    queue.task_done_many(4).unwrap();
    assert_eq!(got, (0..10).collect::<Vec<u32>>());
    queue.join().unwrap();
}

fn bad_items_are_done() {
    use Fate::{Comes, IsNotRead, PanicsAtTheEnd};
    panic::set_hook(Box::new(|_| {}));
    let queue = JoinableQueue::new().unwrap();
    queue.put_many([Comes(1), IsNotRead, PanicsAtTheEnd, Comes(2)]).unwrap();
    let mut got = Vec::new();
    assert!(matches!(queue.get_many(&mut got, 9), Err(Error::Decode(_))));
    assert_eq!(got, [Comes(1), Comes(2)]);
    queue.task_done_many(2).unwrap();
    assert!(matches!(queue.task_done(), Err(Error::NothingInHand)));
    queue.join_timeout(DEADLINE).unwrap();
}

fn a_consumer_that_dies_with_many_is_named() {
    let (queue, taken) = (JoinableQueue::<u32>::new().unwrap(), Signpost::new());
    queue.put_many(0..10).unwrap();
    let consumer = start(|| {
        queue.get_many(&mut Vec::new(), 7).unwrap();
        queue.task_done_many(2).unwrap();
        taken.set();
        std::thread::sleep(DEADLINE);
    });
    taken.wait();
    consumer.kill().unwrap();
    assert_eq!(join(&consumer), -9);
    let error = queue.join_timeout(DEADLINE).unwrap_err();
    let pid = consumer.pid();
    assert!(matches!(error, Error::ItemsLost { pid: p, items: 5 } if p == pid), "{error}");
}
