//! A process is killed at every instruction of `join`, in turn: what it did not say the next one
//! says, and says once.

use std::process;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::Duration;

use ipc_common::{Error, JoinableQueue};
use testing::kill_points::at_every_instruction;
use testing::memory::Shared;
use testing::processes::{DEADLINE, join, start};
use testing::tests;
use testing::victim::Victim;

tests![join_that_tells_of_a_loss, join_of_finished_items, join_beside_a_consumer];

/// How far the last step of a `join` may be from the next instruction of its caller: between the
/// two, a killed process may have been told already.
const RETURN: u32 = 60;

/// The exit codes of a judge that was told of the loss, or not. (A panic's is 1.)
const TOLD: i32 = 11;
const NOT_TOLD: i32 = 12;

fn join_that_tells_of_a_loss() {
    let mut not_said = 0;
    at_every_instruction("join that tells of a loss", |n| {
        let queue = JoinableQueue::new().unwrap();
        (0..5_u32).for_each(|n| queue.put(&n).unwrap());
        // Three items were lost and one finished; one is still there.
        let lost = start(|| {
            (0..4).for_each(|n| assert_eq!(queue.get().unwrap(), n));
            queue.task_done().unwrap();
            process::exit(3);
        });
        assert_eq!(join(&lost), 3);
        let said = Shared::<AtomicU32>::new();
        let victim = Victim::new(|| {
            let told = queue.join();
            let Err(Error::ItemsLost { items, pid }) = told else { panic!("{told:?}") };
            said.store(if pid == lost.pid() { items } else { 99 }, Release);
        });
        let reached = victim.steps(n);
        victim.kill();
        let judge = start(|| {
            let told = queue.join_timeout(Duration::ZERO);
            let is_left = |result: &_| matches!(result, Err(Error::Unfinished { items: 1 }));
            let code = match told {
                Err(Error::ItemsLost { items: 3, pid }) if pid == lost.pid() => TOLD,
                told if is_left(&told) => NOT_TOLD,
                told => panic!("{told:?}"),
            };
            let again = queue.join_timeout(Duration::ZERO);
            assert!(is_left(&again), "{again:?}");
            queue.get().unwrap();
            queue.task_done().unwrap();
            queue.join_timeout(DEADLINE).unwrap();
            process::exit(code);
        });
        match (said.load(Acquire), join(&judge)) {
            (3, NOT_TOLD) | (0, TOLD) => {}
            (0, NOT_TOLD) => not_said += 1,
            (said, code) => panic!("the victim was told of {said}, the next one ended with {code}"),
        }
        reached
    });
    println!("at {not_said} of them it had been told");
    assert!(not_said <= RETURN, "killed at {not_said} instructions, it took the news along");
}

fn join_of_finished_items() {
    at_every_instruction("join of finished items", |n| {
        let queue = JoinableQueue::new().unwrap();
        queue.put(&1_u32).unwrap();
        queue.get().unwrap();
        queue.task_done().unwrap();
        let victim = Victim::new(|| queue.join().unwrap());
        let reached = victim.steps(n);
        victim.kill();
        queue.join_timeout(DEADLINE).unwrap();
        reached
    });
}

/// It finds a consumer that has items in hand.
fn join_beside_a_consumer() {
    at_every_instruction("join beside a consumer", |n| {
        let queue = JoinableQueue::new().unwrap();
        queue.put(&1_u32).unwrap();
        queue.get().unwrap();
        let victim = Victim::new(|| {
            let left = queue.join_timeout(Duration::ZERO);
            assert!(matches!(left, Err(Error::Unfinished { items: 1 })));
        });
        let reached = victim.steps(n);
        victim.kill();
        queue.task_done().unwrap();
        queue.join_timeout(DEADLINE).unwrap();
        reached
    });
}
