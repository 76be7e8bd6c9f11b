//! A process that takes a lock again and again does not keep it from the others. What is asserted is
//! counted in its turns, since how long one takes is up to the machine.

use std::process;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use ipc_common::{Array, Child, Lock};
use testing::memory::Shared;
use testing::processes::{join, kill_and_join, median, start, stay_on_processor, until};
use testing::tests;

tests![
    lock_gets_its_turn_beside_a_greedy_process,
    a_timeout_of_many_turns_is_enough,
    a_killed_waiter_does_not_keep_the_lock_from_the_others,
    all_who_wait_get_as_much,
];

/// How long a turn takes.
const TURN: Duration = Duration::from_millis(20);

/// A waiter that is woken may find that it is too late, once or twice, before it has waited for the
/// millisecond after which the lock is handed over. One turn more is in progress when it comes, and
/// some are for a busy machine. Where nothing is handed over, there are hundreds.
const BOUND: u64 = 8;

/// A process that takes the lock again as soon as it has given it back. It counts its turns.
fn greedy(lock: &Lock, turns: &AtomicU64) -> Child {
    let child = start(|| {
        stay_on_processor(1);
        loop {
            let _guard = lock.lock().unwrap();
            turns.fetch_add(1, Relaxed);
            thread::sleep(TURN);
        }
    });
    until("turn", || turns.load(Relaxed) > 0);
    stay_on_processor(0);
    child
}

/// Waits until the greedy process has had another turn: else this one would be the greedy one.
fn after_a_turn(turns: &AtomicU64) -> u64 {
    let before = turns.load(Relaxed);
    until("turn", || turns.load(Relaxed) > before);
    before + 1
}

fn lock_gets_its_turn_beside_a_greedy_process() {
    let (lock, turns) = (Lock::new().unwrap(), Shared::<AtomicU64>::new());
    let greedy = greedy(&lock, &turns);
    let turns_meanwhile = || {
        let before = after_a_turn(&turns);
        let _guard = lock.lock().unwrap();
        turns.load(Relaxed) - before
    };
    let turns = median((0..21).map(|_| turns_meanwhile()).collect());
    assert!(turns <= BOUND, "the other had {turns} turns meanwhile");
    kill_and_join(&greedy);
}

fn a_timeout_of_many_turns_is_enough() {
    let (lock, turns) = (Lock::new().unwrap(), Shared::<AtomicU64>::new());
    let (row, turns_of_row) = (Array::new(&[0_u8; 3]).unwrap(), Shared::<AtomicU64>::new());
    let greedy = greedy(&lock, &turns);
    let greedy_for_row = start(|| {
        stay_on_processor(1);
        loop {
            let mut row = row.lock().unwrap();
            turns_of_row.fetch_add(1, Relaxed);
            row.fill(2);
            thread::sleep(TURN);
        }
    });
    for _ in 0..10 {
        after_a_turn(&turns);
        assert!(lock.lock_timeout(250 * TURN).unwrap().is_some());
        after_a_turn(&turns_of_row);
        assert!(row.lock_timeout(250 * TURN).unwrap().is_some());
    }
    kill_and_join(&greedy);
    kill_and_join(&greedy_for_row);
}

/// The lock may be handed over to a process that dies before it takes it.
fn a_killed_waiter_does_not_keep_the_lock_from_the_others() {
    let (lock, turns) = (Lock::new().unwrap(), Shared::<AtomicU64>::new());
    let greedy = greedy(&lock, &turns);
    let turns_meanwhile = || {
        let waiter = start(|| drop(lock.lock().unwrap()));
        let before = after_a_turn(&turns);
        waiter.kill().unwrap();
        drop(lock.lock().unwrap());
        let turns = turns.load(Relaxed) - before;
        join(&waiter);
        turns
    };
    let turns = median((0..21).map(|_| turns_meanwhile()).collect());
    assert!(turns <= BOUND, "the other had {turns} turns meanwhile");
    kill_and_join(&greedy);
}

fn all_who_wait_get_as_much() {
    let (lock, turns) = (Lock::new().unwrap(), Shared::<[AtomicU64; 4]>::new());
    let children: Vec<Child> = turns
        .iter()
        .map(|mine| {
            start(|| {
                stay_on_processor(process::id() as usize);
                loop {
                    let _guard = lock.lock().unwrap();
                    mine.fetch_add(1, Relaxed);
                    thread::sleep(TURN / 2);
                }
            })
        })
        .collect();
    let each = || turns.each_ref().map(|turns| turns.load(Relaxed));
    until("400 turns", || each().iter().sum::<u64>() >= 400);
    let each = each();
    let (least, most) = (each.iter().min().unwrap(), each.iter().max().unwrap());
    assert!(3 * least >= *most, "{each:?} turns");
    children.iter().for_each(kill_and_join);
}
