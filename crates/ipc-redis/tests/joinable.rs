//! Joinable queues, while nothing fails.

use std::cell::Cell;
use std::time::Duration;

use ipc_common::Value;
use ipc_redis::{Error, JoinableQueue};
use testing::processes::{join, start, until};

use crate::server::Server;

testing::tests![
    what_is_put_is_got_and_done,
    an_item_that_is_dropped_goes_to_another_consumer,
    a_full_queue_has_no_room,
    producers_wait_for_room,
    join_waits_for_the_last_item,
    many_at_once,
    large_items,
    an_item_that_cannot_be_decoded_counts_as_done,
    a_forked_child_is_another_consumer,
    the_server_forgets_consumers_that_are_gone,
    a_queue_whose_data_is_gone_begins_anew,
];

fn what_is_put_is_got_and_done() {
    let server = Server::start(&[]);
    let queue = JoinableQueue::connect(&server.url(), "words").unwrap();
    assert!(matches!(queue.try_get(), Err(Error::Empty)));
    queue.join().unwrap();
    queue.put(&"noodles".to_string()).unwrap();
    queue.put(&"tea".to_string()).unwrap();
    assert_eq!(queue.len().unwrap(), 2);
    let noodles = queue.get().unwrap();
    assert_eq!((noodles.as_str(), noodles.deliveries()), ("noodles", 1));
    assert_eq!(format!("ate {noodles}"), "ate noodles");
    assert_eq!(queue.len().unwrap(), 1);
    let tea = queue.get().unwrap();
    assert!(queue.is_empty().unwrap());
    let left = queue.join_timeout(Duration::from_millis(10));
    assert!(matches!(left, Err(Error::Unfinished { items: 2 })));
    tea.done().unwrap();
    noodles.done().unwrap();
    queue.join().unwrap();
    assert!(matches!(queue.get_timeout(Duration::from_millis(20)), Err(Error::Empty)));
}

fn an_item_that_is_dropped_goes_to_another_consumer() {
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::connect(&url, "words").unwrap();
    queue.put(&"hot".to_string()).unwrap();
    let hot = queue.get().unwrap();
    let other = start(|| {
        let queue = JoinableQueue::<String>::connect(&url, "words").unwrap();
        let item = queue.get().unwrap();
        assert_eq!((item.as_str(), item.deliveries()), ("hot", 2));
        item.done().unwrap();
    });
    until("the other's wait", || server.cli(&["info", "clients"]).contains("blocked_clients:1"));
    drop(hot);
    assert_eq!(join(&other), 0);
    queue.join().unwrap();
}

fn a_full_queue_has_no_room() {
    let server = Server::start(&[]);
    let queue = JoinableQueue::connect(&server.url(), "q").unwrap().bound(2).unwrap();
    queue.put_many(&[1, 2]).unwrap();
    assert!(matches!(queue.try_put(&3), Err(Error::Full)));
    assert!(matches!(queue.put_timeout(&3, Duration::from_millis(20)), Err(Error::Full)));
    let one = queue.get().unwrap();
    assert!(matches!(queue.try_put(&3), Err(Error::Full)), "what is in hand takes room");
    one.done().unwrap();
    queue.try_put(&3).unwrap();
    // The bound is the queue's, not the handle's; and it can be taken away.
    let other = JoinableQueue::connect(&server.url(), "q").unwrap();
    assert!(matches!(other.try_put(&4), Err(Error::Full)));
    other.bound(0).unwrap().try_put(&4).unwrap();
}

fn producers_wait_for_room() {
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::<u32>::connect(&url, "q").unwrap().bound(3).unwrap();
    let producers: Vec<_> = (0..4)
        .map(|n| {
            let url = &url;
            start(move || {
                let queue = JoinableQueue::connect(url, "q").unwrap();
                queue.put_many(&[n; 25]).unwrap();
                (0..25).for_each(|_| queue.put(&n).unwrap());
            })
        })
        .collect();
    let mut seen = [0; 4];
    for _ in 0..200 {
        let item = queue.get().unwrap();
        seen[*item as usize] += 1;
        assert!(queue.len().unwrap() <= 3);
        item.done().unwrap();
    }
    assert_eq!(seen, [50; 4]);
    producers.iter().for_each(|producer| assert_eq!(join(producer), 0));
    queue.join().unwrap();
}

fn join_waits_for_the_last_item() {
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::connect(&url, "q").unwrap();
    queue.put_many(&(0..20).collect::<Vec<u32>>()).unwrap();
    let done = Value::new(0_u32).unwrap();
    let joiners = [0; 2].map(|_| {
        start(|| {
            JoinableQueue::<u32>::connect(&url, "q").unwrap().join().unwrap();
            assert_eq!(*done.lock().unwrap(), 20);
        })
    });
    for _ in 0..20 {
        let item = queue.get().unwrap();
        *done.lock().unwrap() += 1;
        item.done().unwrap();
    }
    joiners.iter().for_each(|joiner| assert_eq!(join(joiner), 0));
}

fn many_at_once() {
    let server = Server::start(&[]);
    let queue = JoinableQueue::connect(&server.url(), "q").unwrap();
    let numbers: Vec<u32> = (0..1_234).collect();
    queue.put_many(&numbers).unwrap();
    let mut got = Vec::new();
    while got.len() < numbers.len() {
        got.extend(queue.get_many(2_000).unwrap());
    }
    assert_eq!(got.iter().map(|item| **item).collect::<Vec<_>>(), numbers);
    queue.done_many(got).unwrap();
    queue.join().unwrap();
    queue.done_many(Vec::new()).unwrap();
}

fn large_items() {
    const LARGE: usize = (16 << 20) - 16;
    let server = Server::start(&[]);
    let queue = JoinableQueue::connect(&server.url(), "q").unwrap();
    let too_large = queue.put(&"x".repeat(16 << 20));
    assert!(matches!(too_large, Err(Error::TooLarge { .. })), "{too_large:?}");
    queue.put(&"small".into()).unwrap();
    drop(queue.get().unwrap()); // this handle has looked, and seen no large item yet
    queue.put_many(&vec!["x".repeat(LARGE); 4]).unwrap();
    let mut got = 0;
    while got < 5 {
        // More at once than the server sends to a subscriber: the connection may be cut.
        let items = queue.get_many(100).unwrap();
        got += items.len();
        queue.done_many(items).unwrap();
    }
    queue.join_timeout(Duration::ZERO).unwrap();
}

fn an_item_that_cannot_be_decoded_counts_as_done() {
    let server = Server::start(&[]);
    let words = JoinableQueue::connect(&server.url(), "q").unwrap();
    words.put_many(&["a".to_string(), "b".to_string()]).unwrap();
    let numbers = JoinableQueue::<u32>::connect(&server.url(), "q").unwrap();
    assert!(matches!(numbers.get(), Err(Error::Local(_))));
    assert!(matches!(numbers.get_many(5), Err(Error::Local(_))));
    words.join_timeout(Duration::ZERO).unwrap();
}

fn a_forked_child_is_another_consumer() {
    let server = Server::start(&[]);
    let queue = JoinableQueue::connect(&server.url(), "q").unwrap();
    queue.put_many(&[1, 2, 3]).unwrap();
    let one = Cell::new(Some(queue.get().unwrap()));
    let child = start(|| {
        let two = queue.get().unwrap();
        assert_eq!(*two, 2);
        let clients = server.cli(&["client", "list"]);
        assert_eq!(clients.matches("name={q}:").count(), 2, "a connection for each process");
        let copy = one.take().unwrap();
        assert!(matches!(copy.done(), Err(Error::NotYours { items: 1 })), "it is the parent's");
        two.done().unwrap();
        drop(queue.get().unwrap());
    });
    assert_eq!(join(&child), 0);
    // The child has closed its copy of the connection, and dropped its copy of the item.
    assert_eq!(queue.len().unwrap(), 1);
    let three = queue.get().unwrap();
    assert_eq!((*three, three.deliveries()), (3, 2));
    three.done().unwrap();
    one.take().unwrap().done().unwrap();
    queue.join_timeout(Duration::ZERO).unwrap();
}

fn the_server_forgets_consumers_that_are_gone() {
    let server = Server::start(&[]);
    let consumers = || server.cli(&["xinfo", "consumers", "{q}:items", "consumers"]);
    for n in 0..3 {
        let queue = JoinableQueue::connect(&server.url(), "q").unwrap();
        queue.put(&n).unwrap();
        queue.get().unwrap().done().unwrap();
    }
    let queue = JoinableQueue::<u32>::connect(&server.url(), "q").unwrap();
    until("the end of the others", || {
        let fresh = JoinableQueue::<u32>::connect(&server.url(), "q").unwrap();
        assert!(matches!(fresh.try_get(), Err(Error::Empty)));
        consumers().matches("name").count() <= 1
    });
    assert!(matches!(queue.try_get(), Err(Error::Empty)));
}

fn a_queue_whose_data_is_gone_begins_anew() {
    let server = Server::start(&[]);
    let queue = JoinableQueue::connect(&server.url(), "q").unwrap();
    queue.put_many(&[1, 2]).unwrap();
    let one = queue.get().unwrap();
    server.cli(&["flushall"]);
    assert!(matches!(one.done(), Err(Error::NotYours { items: 1 })));
    assert!(matches!(queue.try_get(), Err(Error::Empty)));
    queue.put(&3).unwrap();
    queue.get().unwrap().done().unwrap();
    queue.join().unwrap();
}
