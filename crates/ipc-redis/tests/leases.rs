//! Consumers and holders that live, and do not speak for longer than their lease.

use std::thread;
use std::time::Duration;

use ipc_common::{Process, Value};
use ipc_redis::{Error, JoinableQueue, Lock};
use testing::processes::{go_on, join, kill_and_join, start, stop, until};

use crate::server::Server;

testing::tests![
    a_stopped_consumer_loses_its_item,
    without_a_lease_a_stopped_consumer_keeps_its_item,
    a_lease_that_is_renewed_lasts,
    a_killed_consumer_whose_child_holds_the_connection,
    a_stopped_holder_loses_its_lock,
];

const LEASE: Duration = Duration::from_millis(200);

fn a_stopped_consumer_loses_its_item() {
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::connect(&url, "q").unwrap();
    queue.put(&7).unwrap();
    let (holds, goes_on) = (Value::new(0).unwrap(), Value::new(0).unwrap());
    let consumer = start(|| {
        let queue = JoinableQueue::<u32>::connect(&url, "q").unwrap().lease(LEASE);
        let item = queue.get().unwrap();
        *holds.lock().unwrap() = 1;
        until("the other's turn", || *goes_on.lock().unwrap() == 1);
        assert!(matches!(item.done(), Err(Error::NotYours { items: 1 })));
        queue.put(&8).unwrap(); // it may go on with others
        queue.get().unwrap().done().unwrap();
    });
    until("the item in hand", || *holds.lock().unwrap() == 1);
    stop(&consumer);
    let item = queue.get().unwrap();
    assert_eq!((*item, item.deliveries()), (7, 2));
    go_on(&consumer);
    *goes_on.lock().unwrap() = 1;
    assert_eq!(join(&consumer), 0);
    item.done().unwrap();
    queue.join().unwrap();
}

fn without_a_lease_a_stopped_consumer_keeps_its_item() {
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::connect(&url, "q").unwrap();
    queue.put(&7).unwrap();
    let holds = Value::new(0).unwrap();
    let consumer = start(|| {
        let queue = JoinableQueue::<u32>::connect(&url, "q").unwrap();
        let item = queue.get().unwrap();
        *holds.lock().unwrap() = 1;
        until("the end of the other's wait", || *holds.lock().unwrap() == 2);
        item.done().unwrap();
    });
    until("the item in hand", || *holds.lock().unwrap() == 1);
    stop(&consumer);
    assert!(matches!(queue.get_timeout(2 * LEASE), Err(Error::Empty)));
    go_on(&consumer);
    *holds.lock().unwrap() = 2;
    assert_eq!(join(&consumer), 0);
    queue.join().unwrap();
}

fn a_lease_that_is_renewed_lasts() {
    let server = Server::start(&[]);
    let url = server.url();
    let lease = Duration::from_secs(2); // longer than a pause of a busy machine
    let queue = JoinableQueue::connect(&url, "q").unwrap().lease(lease);
    queue.put(&7).unwrap();
    let mut item = queue.get().unwrap();
    let other = start(|| {
        let queue = JoinableQueue::<u32>::connect(&url, "q").unwrap();
        assert!(matches!(queue.get_timeout(2 * lease), Err(Error::Empty)));
    });
    while other.join_timeout(lease / 10).unwrap().is_none() {
        item.renew().unwrap();
    }
    assert_eq!(join(&other), 0);
    item.done().unwrap();
}

/// The server sees the connection stand for as long as any process has a copy of it.
fn a_killed_consumer_whose_child_holds_the_connection() {
    let server = Server::start(&[]);
    let url = server.url();
    let queue = JoinableQueue::connect(&url, "q").unwrap();
    queue.put(&7).unwrap();
    let (holds, grandchild) = (Value::new(0).unwrap(), Value::new(0_u32).unwrap());
    let consumer = start(|| {
        let queue = JoinableQueue::<u32>::connect(&url, "q").unwrap().lease(LEASE);
        let _item = queue.get().unwrap();
        // Not a daemon: it would be killed with its parent.
        let child = Process::new(|| {
            *holds.lock().unwrap() = 1;
            until("the end of the test", || *holds.lock().unwrap() == 2);
        });
        let _child = child.start().unwrap();
        *grandchild.lock().unwrap() = 1;
        thread::park();
    });
    until("the child", || *holds.lock().unwrap() == 1 && *grandchild.lock().unwrap() == 1);
    kill_and_join(&consumer);
    let item = queue.get().unwrap();
    assert_eq!((*item, item.deliveries()), (7, 2));
    *holds.lock().unwrap() = 2;
    item.done().unwrap();
}

fn a_stopped_holder_loses_its_lock() {
    let server = Server::start(&[]);
    let url = server.url();
    let lock = Lock::connect(&url, "l").unwrap();
    assert!(matches!((lock.lock().unwrap(), lock.lock()), (_, Err(Error::AlreadyLocked))));
    let step = Value::new(0).unwrap();
    let holder = start(|| {
        let lock = Lock::connect(&url, "l").unwrap().lease(LEASE);
        let guard = lock.lock().unwrap();
        *step.lock().unwrap() = 1;
        until("the other's turn", || *step.lock().unwrap() == 2);
        assert!(matches!(guard.renew(), Err(Error::LockLost)));
        assert!(matches!(guard.unlock(), Err(Error::LockLost)));
    });
    until("the lock's holder", || *step.lock().unwrap() == 1);
    stop(&holder);
    let guard = lock.lock().unwrap();
    assert_eq!(guard.fence(), 3);
    go_on(&holder);
    *step.lock().unwrap() = 2;
    assert_eq!(join(&holder), 0);
    guard.unlock().unwrap(); // the other one's attempts have not released it
}
