//! A process that takes a lock again and again does not keep it from the others. What is asserted is
//! counted in its turns, since how long one takes is up to the machine.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use ipc_common::{Array, Child, Lock};
use testing::memory::Shared;
use testing::processes::{kill_and_join, start, until};
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
/// on a busy machine it may be late to wait again.
const BOUND: u64 = 6;

/// A process that takes the lock again as soon as it has given it back. It counts its turns.
fn greedy(lock: &Lock, turns: &AtomicU64) -> Child {
    let child = start(|| {
        loop {
            let _guard = lock.lock().unwrap();
            turns.fetch_add(1, Relaxed);
            thread::sleep(TURN);
        }
    });
    until("turn", || turns.load(Relaxed) > 0);
    child
}

fn lock_gets_its_turn_beside_a_greedy_process() {
    let (lock, turns) = (Lock::new().unwrap(), Shared::<AtomicU64>::new());
    let greedy = greedy(&lock, &turns);
    for _ in 0..10 {
        let before = turns.load(Relaxed);
        let guard = lock.lock().unwrap();
        let turns_of_the_other = turns.load(Relaxed) - before;
        assert!(turns_of_the_other <= BOUND, "the other had {turns_of_the_other} turns meanwhile");
        drop(guard);
    }
    kill_and_join(&greedy);
}

fn a_timeout_of_many_turns_is_enough() {
    let (lock, turns) = (Lock::new().unwrap(), Shared::<AtomicU64>::new());
    let row = Array::new(&[0_u8; 3]).unwrap();
    let greedy = greedy(&lock, &turns);
    let greedy_with_a_row = start(|| {
        loop {
            row.lock().unwrap()[0] = 1;
            let mut row = row.lock().unwrap();
            row[0] = 2;
            thread::sleep(TURN);
        }
    });
    until("turn", || row.lock().unwrap()[0] == 2);
    for _ in 0..10 {
        assert!(lock.lock_timeout(50 * TURN).unwrap().is_some());
        assert!(row.lock_timeout(50 * TURN).unwrap().is_some());
    }
    kill_and_join(&greedy);
    kill_and_join(&greedy_with_a_row);
}

/// The lock may be handed over to a process that dies before it takes it.
fn a_killed_waiter_does_not_keep_the_lock_from_the_others() {
    let (lock, turns) = (Lock::new().unwrap(), Shared::<AtomicU64>::new());
    let greedy = greedy(&lock, &turns);
    for _ in 0..30 {
        let waiter = start(|| drop(lock.lock().unwrap()));
        let before = turns.load(Relaxed);
        until("turn", || turns.load(Relaxed) > before);
        waiter.kill().unwrap();
        drop(lock.lock().unwrap());
        let turns_of_the_other = turns.load(Relaxed) - before;
        assert!(turns_of_the_other <= BOUND + 2, "the other had {turns_of_the_other} turns");
        testing::processes::join(&waiter);
    }
    kill_and_join(&greedy);
}

fn all_who_wait_get_as_much() {
    let (lock, turns) = (Lock::new().unwrap(), Shared::<[AtomicU64; 4]>::new());
    let children: Vec<Child> = turns
        .iter()
        .map(|mine| {
            start(|| {
                loop {
                    let _guard = lock.lock().unwrap();
                    mine.fetch_add(1, Relaxed);
                    thread::sleep(TURN / 10);
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
