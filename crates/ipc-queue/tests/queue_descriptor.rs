//! A queue's descriptor: readable while there is an item, whoever is killed wherever.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use ipc_common::{Error, JoinableQueue, Process, Queue, wait, wait_for};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use testing::kill_points::at_every_instruction;
use testing::processes::{DEADLINE, go_on, is_in_poll, join, kill_and_join, start, stop, until};
use testing::tests;
use testing::victim::Victim;

tests![
    it_is_readable_while_there_is_an_item_or_the_end,
    an_item_or_the_death_of_its_producer,
    an_edge_comes_with_each_item_after_empty,
    consumers_that_share_it_get_everything,
    a_stopped_producer_does_not_silence_it,
    a_stopped_consumer_does_not_silence_it,
    a_joinable_queue_has_one_too,
    put_killed_at_every_instruction,
    get_killed_at_every_instruction,
    close_killed_at_every_instruction,
];

fn is_readable(fd: BorrowedFd<'_>) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&now)).unwrap() == 1
}

fn watched() -> Queue<u32> {
    Queue::new().unwrap().with_fd().unwrap()
}

/// As an event loop does.
#[track_caller]
fn poll_and_get(queue: &Queue<u32>) -> u32 {
    loop {
        assert_eq!(wait(&[&queue.fd().unwrap()], Some(DEADLINE)).unwrap(), [0], "it is silent");
        match queue.try_get() {
            Err(Error::Empty) => {}
            item => return item.unwrap(),
        }
    }
}

fn it_is_readable_while_there_is_an_item_or_the_end() {
    assert!(matches!(Queue::<u32>::new().unwrap().fd(), Err(Error::Invalid(_))));
    let queue = watched();
    let fd = queue.fd().unwrap();
    for round in 0..3 {
        assert!(!is_readable(fd), "in round {round}");
        queue.put(&1).unwrap();
        queue.put(&2).unwrap();
        assert!(is_readable(fd));
        queue.get().unwrap();
        assert!(is_readable(fd));
        queue.get().unwrap();
    }
    assert!(!is_readable(fd));
    queue.put(&1).unwrap();
    queue.close();
    queue.get().unwrap();
    assert!(is_readable(fd));
    assert!(matches!(queue.try_get(), Err(Error::Closed)));
    assert!(is_readable(fd));
}

fn an_item_or_the_death_of_its_producer() {
    let queue = watched();
    let child = Process::new(|| {
        queue.put(&7).unwrap();
        std::thread::park();
    });
    let child = child.daemon(true).start().unwrap();
    let next = || wait(&[&queue.fd().unwrap(), &child], Some(DEADLINE)).unwrap();
    assert_eq!(next(), [0]);
    assert_eq!(poll_and_get(&queue), 7);
    child.kill().unwrap();
    // The descriptor may be readable for nothing, if the producer was still at work.
    while next() == [0] {
        assert!(matches!(queue.try_get(), Err(Error::Empty)));
    }
    assert_eq!(wait_for([&child], Some(DEADLINE)).unwrap(), [0]);
    assert_eq!(join(&child), -9);
    let children: Vec<_> = (0..3).map(|_| start(std::thread::park)).collect();
    children[1].kill().unwrap();
    assert_eq!(wait_for(&children, None).unwrap(), [1]);
    assert_eq!(wait_for([&children[0], &children[2]], Some(Duration::ZERO)).unwrap(), [0; 0]);
    join(&children[1]);
    [0, 2].into_iter().for_each(|n| kill_and_join(&children[n]));
}

fn an_edge_comes_with_each_item_after_empty() {
    let queue = watched();
    let epoll = epoll::create(CreateFlags::CLOEXEC).unwrap();
    let edges = EventFlags::IN | EventFlags::ET;
    epoll::add(&epoll, queue.fd().unwrap(), EventData::new_u64(0), edges).unwrap();
    let has_edge = || {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut events = Vec::with_capacity(1);
        epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), Some(&now)).unwrap() > 0
    };
    for _ in 0..3 {
        assert!(matches!(queue.try_get(), Err(Error::Empty)));
        has_edge(); // of a look before
        queue.put(&1).unwrap();
        queue.put(&2).unwrap();
        assert!(has_edge());
        while queue.try_get().is_ok() {}
    }
    queue.close();
    assert!(has_edge());
}

fn consumers_that_share_it_get_everything() {
    const ITEMS: u32 = 3_000;
    let (queue, sums) = (watched(), Queue::<u64>::new().unwrap());
    let consume = || {
        let mut sum = 0;
        loop {
            assert_eq!(wait(&[&queue.fd().unwrap()], Some(DEADLINE)).unwrap(), [0]);
            match queue.try_get() {
                Ok(item) => sum += u64::from(item),
                Err(Error::Empty) => {}
                Err(Error::Closed) => break,
                Err(e) => panic!("{e}"),
            }
        }
        sums.put(&sum).unwrap();
    };
    let consumers: Vec<_> = (0..2).map(|_| start(consume)).collect();
    let producers: Vec<_> =
        (0..2).map(|_| start(|| (1..=ITEMS).for_each(|n| queue.put(&n).unwrap()))).collect();
    producers.iter().for_each(|child| assert_eq!(join(child), 0));
    queue.close();
    consumers.iter().for_each(|child| assert_eq!(join(child), 0));
    let sum = u64::from(ITEMS) * u64::from(ITEMS + 1);
    assert_eq!(sums.get().unwrap() + sums.get().unwrap(), sum);
}

/// It may be anywhere in `put`; what others put is heard of all the same.
fn a_stopped_producer_does_not_silence_it() {
    let queue = watched();
    let producer = start(|| {
        loop {
            queue.put(&1).unwrap();
        }
    });
    until("items", || queue.len() > 10);
    stop(&producer);
    while queue.try_get().is_ok() {}
    go_on(&producer);
    poll_and_get(&queue);
    kill_and_join(&producer);
}

/// A consumer that holds up the others is no reason for them to hear nothing when it goes on.
fn a_stopped_consumer_does_not_silence_it() {
    let queue = watched();
    let greedy = start(|| {
        loop {
            let _ = queue.try_get();
        }
    });
    let polite = start(|| while poll_and_get(&queue) != 1_000 {});
    until("sleep", || is_in_poll(polite.pid()));
    for _ in 0..20 {
        stop(&greedy);
        let _ = queue.put_timeout(&1, Duration::from_millis(10)); // it may be in the way
        go_on(&greedy);
    }
    kill_and_join(&greedy);
    queue.put(&1_000).unwrap();
    assert_eq!(join(&polite), 0);
}

fn a_joinable_queue_has_one_too() {
    let queue = JoinableQueue::new().unwrap().with_fd().unwrap();
    let fd = queue.fd().unwrap();
    queue.put(&1).unwrap();
    assert!(is_readable(fd));
    queue.get().unwrap();
    assert!(!is_readable(fd));
    queue.task_done().unwrap();
    queue.join_timeout(DEADLINE).unwrap();
}

fn put_killed_at_every_instruction() {
    at_every_instruction("put into a watched queue", |n| {
        let queue = watched();
        if n % 2 == 0 {
            queue.put(&1).unwrap();
            assert!(matches!((queue.get(), queue.try_get()), (Ok(1), Err(Error::Empty))));
        }
        let victim = Victim::new(|| queue.put(&2).unwrap());
        let reached = victim.steps(n);
        if n % 3 == 0 {
            let _ = queue.is_full(); // somebody else looks meanwhile
        }
        victim.kill();
        let is_there = !queue.is_empty();
        assert!(!is_there || is_readable(queue.fd().unwrap()), "an item is there in silence");
        if is_there {
            assert_eq!(poll_and_get(&queue), 2);
        }
        assert!(matches!(queue.try_get(), Err(Error::Empty)));
        assert!(!is_readable(queue.fd().unwrap()), "it rings for nothing");
        queue.put(&3).unwrap();
        assert_eq!(poll_and_get(&queue), 3);
        reached
    });
}

fn get_killed_at_every_instruction() {
    at_every_instruction("get from a watched queue", |n| {
        let queue = watched();
        queue.put(&1).unwrap();
        let victim = Victim::new(|| {
            queue.get().unwrap();
            let _ = queue.try_get();
        });
        let reached = victim.steps(n);
        victim.kill();
        let is_there = !queue.is_empty();
        assert!(!is_there || is_readable(queue.fd().unwrap()), "an item is there in silence");
        queue.put(&3).unwrap();
        if is_there {
            assert_eq!(poll_and_get(&queue), 1);
        }
        assert_eq!(poll_and_get(&queue), 3);
        assert!(matches!(queue.try_get(), Err(Error::Empty)));
        assert!(!is_readable(queue.fd().unwrap()), "it rings for nothing");
        reached
    });
}

/// Closed or not: a queue that is closed says so.
fn close_killed_at_every_instruction() {
    at_every_instruction("close a watched queue", |n| {
        let queue = watched();
        let victim = Victim::new(|| queue.close());
        let reached = victim.steps(n);
        victim.kill();
        let is_closed = matches!(queue.try_put(&1), Err(Error::Closed));
        assert!(is_readable(queue.fd().unwrap()), "closed: {is_closed}");
        reached
    });
}
