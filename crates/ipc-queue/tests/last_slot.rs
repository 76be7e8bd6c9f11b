//! A join that has waited for a consumer has the lock of its slot for an instant. If that is the only
//! free slot, the next consumer waits for it.

use std::process;
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Error, JoinableQueue};
use testing::processes::{LONG, is_in_futex, join, kill_and_join, start, until};
use testing::signpost::Signpost;
use testing::tests;
use testing::victim::Victim;

tests![the_last_slot_is_waited_for];

/// How long a consumer waits for it.
const IN_PROGRESS: Duration = Duration::from_millis(100);

/// The exit codes of a consumer that found no slot: too early, or after a while, since this machine
/// is slow.
const NOT_WAITED: i32 = 11;
const WAITED: i32 = 12;

fn consume(queue: &JoinableQueue<u32>) {
    let begin = Instant::now();
    match queue.get() {
        Ok(_) => queue.task_done().unwrap(),
        Err(Error::TooManyConsumers) if begin.elapsed() < IN_PROGRESS => process::exit(NOT_WAITED),
        Err(Error::TooManyConsumers) => process::exit(WAITED),
        Err(error) => panic!("{error}"),
    }
}

/// Leads a join `n` instructions far while this process, which has the first slot, lets go of it, and
/// kills it there. Returns whether it came so far, and how a consumer has ended that came meanwhile.
fn scene(queue: &JoinableQueue<u32>, n: usize) -> (bool, i32) {
    queue.put(&0).unwrap();
    queue.get().unwrap();
    let victim = Victim::new(|| drop(queue.join_timeout(LONG)));
    let mut was_woken = false;
    victim.steps_and_wake(n, || {
        queue.task_done().unwrap();
        was_woken = true;
    });
    if !was_woken {
        victim.kill();
        queue.task_done().unwrap();
        return (false, 0);
    }
    queue.put(&1).unwrap();
    let consumer = start(|| consume(queue));
    let has_come = || is_in_futex(consumer.pid()) || !consumer.is_alive().unwrap();
    until("the consumer waits", has_come);
    victim.kill();
    let code = join(&consumer);
    if code != 0 {
        queue.get().unwrap();
        queue.task_done().unwrap();
    }
    (true, code)
}

fn the_last_slot_is_waited_for() {
    let (queue, taken) = (JoinableQueue::new().unwrap(), Signpost::new());
    queue.put(&0).unwrap();
    queue.get().unwrap(); // the first slot, which joins look at first
    let hold = || {
        queue.get().unwrap();
        taken.set();
        thread::park();
    };
    (0..127).for_each(|n| queue.put(&n).unwrap());
    let holders: Vec<Child> = (0..127).map(|_| start(hold)).collect();
    holders.iter().for_each(|_| taken.wait());
    queue.task_done().unwrap();
    let sleeps = (0..).step_by(50).find(|&n| scene(&queue, n).0).unwrap();
    for n in (sleeps - 50..sleeps + 250).step_by(3) {
        assert_ne!(scene(&queue, n).1, NOT_WAITED, "at instruction {n}");
    }
    holders.iter().for_each(kill_and_join);
}
