//! A process that takes items again and again does not keep them from the others, nor one that puts
//! them the room. What is asserted is counted in its turns, since how long one takes is up to the
//! machine.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use ipc_common::Queue;
use testing::memory::Shared;
use testing::processes::{DEADLINE, kill_and_join, median, start, stay_on_processor, until};
use testing::tests;

tests![get_gets_its_turn_beside_a_greedy_consumer, put_gets_its_turn_beside_a_greedy_producer];

/// How often there is an item, or room. Whoever is first waits for it, and the others behind.
const PACE: Duration = Duration::from_millis(20);

/// As for a lock: the turn in progress, two until this process has waited long enough to have the next
/// one handed over, and some for a busy machine. Where nothing is handed over, there are hundreds.
const BOUND: u64 = 8;

/// One process does `greedy` again and again, for which another does `pace`. Meanwhile this one does
/// `act`: how many turns the first has then, in the middle of many times.
fn turns(greedy: impl Fn(), pace: impl Fn(), act: impl Fn()) -> u64 {
    let turns = Shared::<AtomicU64>::new();
    let others = [
        start(|| {
            stay_on_processor(1);
            loop {
                greedy();
                turns.fetch_add(1, Relaxed);
            }
        }),
        start(|| {
            loop {
                thread::sleep(PACE);
                pace();
            }
        }),
    ];
    stay_on_processor(0);
    let turns_meanwhile = || {
        // Otherwise this process would be the greedy one.
        let before = turns.load(Relaxed);
        until("turn", || turns.load(Relaxed) > before);
        let before = turns.load(Relaxed);
        act();
        turns.load(Relaxed) - before
    };
    let counts = (0..21).map(|_| turns_meanwhile()).collect();
    others.iter().for_each(kill_and_join);
    median(counts)
}

fn get_gets_its_turn_beside_a_greedy_consumer() {
    let queue = Queue::new().unwrap();
    let get = || assert_eq!(queue.get_timeout(DEADLINE).unwrap(), 7);
    let turns = turns(get, || queue.put(&7).unwrap(), get);
    assert!(turns <= BOUND, "another consumer had {turns} turns meanwhile");
}

fn put_gets_its_turn_beside_a_greedy_producer() {
    let queue = Queue::bounded(1).unwrap();
    let put = || queue.put_timeout(&7, DEADLINE).unwrap();
    let turns = turns(put, || assert_eq!(queue.get().unwrap(), 7), put);
    assert!(turns <= BOUND, "another producer had {turns} turns meanwhile");
}
