//! Locks, while nothing fails.

use std::time::Duration;

use ipc_common::Value;
use ipc_redis::{Error, Lock, LockGuard};
use testing::processes::{join, start};

use crate::server::Server;

testing::tests![one_holder_at_a_time, a_lock_that_is_held, a_forked_child_has_no_lock];

fn one_holder_at_a_time() {
    let server = Server::start(&[]);
    let url = server.url();
    let (inside, fence) = (Value::new(0).unwrap(), Value::new(0_u64).unwrap());
    let users: Vec<_> = (0..4)
        .map(|_| {
            start(|| {
                let lock = Lock::connect(&url, "l").unwrap();
                for _ in 0..100 {
                    let guard = lock.lock().unwrap();
                    *inside.lock().unwrap() += 1;
                    let last = std::mem::replace(&mut *fence.lock().unwrap(), guard.fence());
                    assert!(guard.fence() > last);
                    let mut inside = inside.lock().unwrap();
                    assert_eq!(*inside, 1);
                    *inside -= 1;
                }
            })
        })
        .collect();
    users.iter().for_each(|user| assert_eq!(join(user), 0));
    assert_eq!(*fence.lock().unwrap(), 400);
}

fn a_lock_that_is_held() {
    let server = Server::start(&[]);
    let [lock, other] = [0; 2].map(|_| Lock::connect(&server.url(), "l").unwrap());
    let guard = lock.lock().unwrap();
    assert!(matches!(lock.try_lock(), Err(Error::AlreadyLocked)));
    assert!(other.try_lock().unwrap().is_none());
    assert!(other.lock_timeout(Duration::from_millis(30)).unwrap().is_none());
    drop(guard);
    let fence = other.try_lock().unwrap().as_ref().map(LockGuard::fence);
    assert_eq!(fence, Some(2));
}

fn a_forked_child_has_no_lock() {
    let server = Server::start(&[]);
    let lock = Lock::connect(&server.url(), "l").unwrap();
    let guard = lock.lock().unwrap();
    let child = start(|| {
        assert!(lock.try_lock().unwrap().is_none());
        assert!(matches!(guard.renew(), Err(Error::LockLost)));
    });
    assert_eq!(join(&child), 0);
    guard.unlock().unwrap();
}
