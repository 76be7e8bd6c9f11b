//! Plain queues.

use std::time::Duration;

use ipc_redis::{Error, Queue};
use testing::processes::{join, start};

use crate::server::Server;

testing::tests![
    first_in_first_out,
    many_at_once,
    a_waiting_get_is_woken,
    an_item_that_cannot_be_decoded
];

fn first_in_first_out() {
    let server = Server::start(&[]);
    let queue = Queue::connect(&server.url(), "words").unwrap();
    assert!(matches!(queue.try_get(), Err(Error::Empty)));
    assert!(matches!(queue.get_timeout(Duration::from_millis(20)), Err(Error::Empty)));
    for word in ["one", "two", "three"] {
        queue.put(&word.to_string()).unwrap();
    }
    assert_eq!(queue.len().unwrap(), 3);
    assert_eq!(
        [queue.get().unwrap(), queue.get().unwrap(), queue.get().unwrap()],
        ["one", "two", "three"]
    );
    assert!(queue.is_empty().unwrap());
}

fn many_at_once() {
    let server = Server::start(&[]);
    let queue = Queue::connect(&server.url(), "numbers").unwrap();
    let numbers: Vec<u32> = (0..1_234).collect();
    queue.put_many(&numbers).unwrap();
    assert_eq!(queue.try_get_many(2_000).unwrap(), numbers);
    assert_eq!(queue.try_get_many(10).unwrap(), []);
}

fn a_waiting_get_is_woken() {
    let server = Server::start(&[]);
    let url = server.url();
    let consumer = start(|| {
        let numbers = Queue::<u32>::connect(&url, "numbers").unwrap();
        let sum = numbers.get().unwrap() + numbers.get().unwrap();
        assert_eq!(sum, 5);
    });
    let queue = Queue::connect(&url, "numbers").unwrap();
    queue.put(&2).unwrap();
    queue.put(&3).unwrap();
    assert_eq!(join(&consumer), 0);
}

fn an_item_that_cannot_be_decoded() {
    let server = Server::start(&[]);
    Queue::connect(&server.url(), "q").unwrap().put(&"text".to_string()).unwrap();
    let numbers = Queue::<u32>::connect(&server.url(), "q").unwrap();
    assert!(matches!(numbers.get(), Err(Error::Local(_))));
    assert!(matches!(numbers.try_get(), Err(Error::Empty)));
}
