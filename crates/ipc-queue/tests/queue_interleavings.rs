//! A process is held up at every instruction of an operation on a queue, in turn, while another uses
//! the queue: each gets a right answer.

use std::process::ExitCode;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ipc_common::{Error, Queue};
use serde_bytes::ByteBuf;
use testing::kill_points::at_every_instruction;
use testing::memory::{Shared, small_queue};
use testing::processes::{LONG, is_in_futex, join, start, until};
use testing::tests;
use testing::victim::Victim;

tests![
    it_is_closed_during_put,
    many_come_and_go_during_len,
    room_comes_at_every_look_of_a_put_whose_time_is_up,
];

/// What was put before the end comes out before it is said.
fn it_is_closed_during_put() {
    let was_put = Shared::<AtomicU32>::new();
    at_every_instruction("put, closed meanwhile", |n| {
        was_put.store(0, Relaxed);
        let queue = Queue::new().unwrap();
        let victim = Victim::new(|| match queue.put(&7_u8) {
            Ok(()) => was_put.store(1, Relaxed),
            Err(error) => assert!(matches!(error, Error::Closed)),
        });
        let reached = victim.steps(n);
        let consumer = start(|| {
            queue.close();
            match queue.get_timeout(LONG) {
                Ok(item) => assert_eq!(item, 7),
                Err(Error::Closed) => return ExitCode::SUCCESS,
                Err(error) => panic!("{error}"),
            }
            assert!(matches!(queue.get(), Err(Error::Closed)));
            ExitCode::from(2)
        });
        until("end or sleep", || !consumer.is_alive().unwrap() || is_in_futex(consumer.pid()));
        if !reached {
            return victim.give_up(&consumer);
        }
        victim.run_to_stop();
        let came = join(&consumer);
        victim.kill();
        assert_eq!((was_put.load(Relaxed), came), if came == 0 { (0, 0) } else { (1, 2) });
        true
    });
}

/// As many as there were at one moment during the call.
fn many_come_and_go_during_len() {
    let lens = Shared::<[AtomicU32; 4]>::new();
    let queue = Queue::new().unwrap();
    (0..3).for_each(|n: u32| queue.put(&n).unwrap());
    at_every_instruction("len, items come and go", |n| {
        let victim = Victim::new(|| {
            lens.iter().for_each(|len| len.store(queue.len() as u32, Relaxed));
        });
        let reached = victim.steps(n);
        for n in 0..5 {
            queue.put(&n).unwrap();
            queue.get().unwrap();
        }
        if reached {
            victim.run_to_stop();
        }
        victim.kill();
        let lens = lens.each_ref().map(|len| len.load(Relaxed));
        assert!(lens.iter().all(|len| (3..=4).contains(len)), "{lens:?}");
        reached
    });
}

/// It is never enough room. The put ends all the same.
fn room_comes_at_every_look_of_a_put_whose_time_is_up() {
    let queue = small_queue::<ByteBuf>();
    let (small, large) = (ByteBuf::from([1; 8]), ByteBuf::from(vec![2; 200_000]));
    while queue.try_put(&small).is_ok() {}
    let victim = Victim::new(|| {
        let put = queue.put_timeout(&large, Duration::from_nanos(1));
        assert!(matches!(put, Err(Error::Full)), "{put:?}");
    });
    let ended = (0..5_000).any(|_| {
        queue.get().unwrap();
        !victim.steps_awake(20)
    });
    assert!(ended, "the put goes on");
    victim.kill();
    assert!(!queue.is_empty());
}
