//! A process is killed at every instruction of `close`, which takes two steps: afterwards the queue is
//! open for all or closed for all, whichever call comes first.

use ipc_common::{Child, Error, Queue};
use std::process::ExitCode;
use testing::kill_points::at_every_instruction;
use testing::processes::{DEADLINE, is_in_futex, join, sleeper, until};
use testing::tests;
use testing::victim::Victim;

tests![close_beside_producers, close_beside_a_consumer];

/// The exit code of a process that was told that the queue is closed.
const CLOSED: i32 = 3;

fn told<T>(result: Result<T, Error>) -> ExitCode {
    match result {
        Ok(_) => ExitCode::SUCCESS,
        Err(Error::Closed) => ExitCode::from(CLOSED as u8),
        Err(e) => panic!("{e}"),
    }
}

/// Leads a victim to instruction `n` of `close`, and kills it there.
fn close(queue: &Queue<i32>, n: usize) -> bool {
    let victim = Victim::new(|| queue.close());
    let reached = victim.steps(n);
    victim.kill();
    reached
}

fn is_closed_for_all(queue: &Queue<i32>) {
    assert!(matches!(queue.try_put(&9), Err(Error::Closed)));
    assert!(matches!(queue.put(&9), Err(Error::Closed)));
    assert!(matches!(queue.put_timeout(&9, DEADLINE), Err(Error::Closed)));
    assert!(matches!(queue.get(), Err(Error::Closed)));
    assert!(matches!(queue.try_get(), Err(Error::Closed)));
}

/// One sleeps for room, and one behind it. Which call comes first differs from kill to kill.
fn close_beside_producers() {
    at_every_instruction("close beside producers", |n| {
        let queue = Queue::bounded(1).unwrap();
        queue.put(&1).unwrap();
        let producers = [2, 2].map(|item| {
            let queue = &queue;
            sleeper(move || told(queue.put(&item)))
        });
        let reached = close(&queue, n);
        let is_closed = match n % 3 {
            0 => match queue.try_put(&3) {
                Err(Error::Closed) => true,
                Err(Error::Full) => false,
                other => panic!("{other:?}"),
            },
            1 => {
                assert_eq!(queue.get().unwrap(), 1);
                until("a producer's end", || producers.iter().any(has_ended));
                queue.is_empty()
            }
            _ => {
                queue.close();
                true
            }
        };
        if is_closed {
            // A `get` would wake them, too.
            assert_eq!(producers.each_ref().map(join), [CLOSED; 2], "closed for some only");
        }
        let left = if is_closed { &[1][..] } else { &[1, 2, 2] };
        for &item in &left[usize::from(n % 3 == 1)..] {
            assert_eq!(queue.get_timeout(DEADLINE).unwrap(), item);
        }
        if is_closed {
            is_closed_for_all(&queue);
        } else {
            assert_eq!(producers.each_ref().map(join), [0; 2], "closed for some only");
            queue.try_put(&3).unwrap();
        }
        reached
    });
}

fn has_ended(child: &Child) -> bool {
    !child.is_alive().unwrap()
}

fn close_beside_a_consumer() {
    at_every_instruction("close beside a consumer", |n| {
        let queue = Queue::new().unwrap();
        let consumer = sleeper(|| told(queue.get()));
        let reached = close(&queue, n);
        until("the consumer or nothing", || has_ended(&consumer) || is_in_futex(consumer.pid()));
        match queue.try_put(&1) {
            Ok(()) => {
                assert_eq!(join(&consumer), 0);
                queue.try_put(&2).unwrap();
                assert_eq!(queue.get().unwrap(), 2);
            }
            Err(Error::Closed) => {
                assert_eq!(join(&consumer), CLOSED, "the consumer was not told");
                is_closed_for_all(&queue);
            }
            other => panic!("{other:?}"),
        }
        reached
    });
}
