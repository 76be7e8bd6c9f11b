//! Events: whoever waits hears of each `set`, and nobody who waits can hold it up.

use std::hint::black_box;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Barrier, Child, Event, Value};
use testing::memory::Shared;
use testing::processes::{
    LONG, go_on, is_in_futex, join, kill_and_join, sleeper, start, stop, storm_of_signals, takes,
    until,
};
use testing::tests;

tests![
    set_clear_and_set_again,
    a_timeout_is_not_early_and_not_for_ever,
    a_wait_that_begins_before_set_ends_with_it,
    a_wait_hears_of_a_set_that_was_cleared_at_once,
    threads_and_processes_wait_together,
    many_may_set_and_clear_at_once,
    no_set_is_missed,
    a_set_that_changes_nothing_is_not_overlooked,
    a_killed_waiter_holds_nobody_up,
    a_stopped_waiter_holds_nobody_up,
    signal_handlers_do_not_disturb_a_wait,
    a_storm_of_kills,
];

const SHORT: Duration = Duration::from_millis(60);

fn set_clear_and_set_again() {
    let event = Event::new().unwrap();
    assert!(!event.is_set() && !event.wait_timeout(Duration::ZERO));
    assert_eq!(format!("{event:?}"), "Event { is_set: false }");
    for _ in 0..2 {
        event.clear(); // changes nothing
        assert!(!event.is_set());
        for _ in 0..2 {
            event.set();
            assert!(event.is_set() && event.wait_timeout(Duration::ZERO));
            event.wait();
        }
        assert_eq!(format!("{event:?}"), "Event { is_set: true }");
        event.clear();
        assert!(!event.is_set() && !event.wait_timeout(Duration::ZERO));
    }
    assert_eq!(join(&start(|| event.set())), 0);
    assert!(event.is_set());
}

fn a_timeout_is_not_early_and_not_for_ever() {
    let event = Event::new().unwrap();
    for timeout in [Duration::ZERO, Duration::from_millis(1), SHORT] {
        assert!(!takes(timeout, || event.wait_timeout(timeout)));
    }
    event.set();
    assert!(event.wait_timeout(Duration::MAX));
}

fn a_wait_that_begins_before_set_ends_with_it() {
    let event = Event::new().unwrap();
    let mut waiters = vec![sleeper(|| event.wait())];
    waiters.push(sleeper(|| assert!(event.wait_timeout(LONG))));
    waiters.push(sleeper(|| assert!(event.wait_timeout(Duration::MAX))));
    event.clear();
    assert!(waiters.iter().all(|waiter| is_in_futex(waiter.pid())), "clear woke somebody");
    event.set();
    assert!(waiters.iter().all(|waiter| join(waiter) == 0));
}

fn a_wait_hears_of_a_set_that_was_cleared_at_once() {
    let event = Event::new().unwrap();
    for _ in 0..20 {
        let waiters: Vec<Child> =
            (0..3).map(|_| sleeper(|| assert!(event.wait_timeout(LONG)))).collect();
        event.set();
        event.clear();
        assert!(waiters.iter().all(|waiter| join(waiter) == 0));
    }
}

fn threads_and_processes_wait_together() {
    let (event, arrived, woken) =
        (Event::new().unwrap(), Value::new(0).unwrap(), Value::new(0).unwrap());
    let wait = || {
        arrived.fetch_add(1).unwrap();
        assert!(event.wait_timeout(LONG));
        woken.fetch_add(1).unwrap();
    };
    let children: Vec<Child> = (0..3).map(|_| start(wait)).collect();
    thread::scope(|scope| {
        (0..3).for_each(|_| drop(scope.spawn(wait)));
        until("all", || *arrived.lock().unwrap() == 6);
        assert_eq!(*woken.lock().unwrap(), 0);
        event.set();
    });
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(*woken.lock().unwrap(), 6);
}

fn many_may_set_and_clear_at_once() {
    let (event, barrier) = (Event::new().unwrap(), Barrier::new(3).unwrap());
    let play = || {
        for _ in 0..3_000 {
            barrier.wait_timeout(LONG).unwrap();
            event.set();
            barrier.wait_timeout(LONG).unwrap();
            assert!(event.is_set());
            barrier.wait_timeout(LONG).unwrap();
            event.clear();
            barrier.wait_timeout(LONG).unwrap();
            assert!(!event.is_set());
        }
    };
    let players: Vec<Child> = (0..3).map(|_| start(play)).collect();
    assert!(players.iter().all(|player| join(player) == 0));
}

/// Two take turns: one wake-up that is lost would end the game.
fn no_set_is_missed() {
    let [ping, pong] = [Event::new().unwrap(), Event::new().unwrap()];
    let play = |hear: &Event, say: &Event| {
        for _ in 0..5_000 {
            assert!(hear.wait_timeout(LONG), "nothing is heard any more");
            hear.clear();
            say.set();
        }
    };
    let players = [start(|| play(&ping, &pong)), start(|| play(&pong, &ping))];
    ping.set();
    assert!(players.iter().all(|player| join(player) == 0));
    assert!(ping.is_set() && !pong.is_set());
}

/// Who clears, looks whether there is something to do, and waits if not, does not overlook what was
/// there before a `set`, though that one found the event still set. (A processor does stores after
/// later loads, unless it is kept from that.)
fn a_set_that_changes_nothing_is_not_overlooked() {
    const END: u32 = u32::MAX;
    let event = Event::new().unwrap();
    let [to_do, done] = [(); 2].map(|()| Shared::<AtomicU32>::new());
    let worker = start(|| {
        let mut last = 0;
        while last != END {
            assert!((0..last % 128).all(|n| black_box(n) < 128)); // takes a while, or not
            event.clear();
            match to_do.load(Relaxed) {
                new if new == last => event.wait(),
                new => last = new,
            }
            done.store(last, Relaxed);
        }
    });
    let begin = Instant::now();
    let mut n = 0;
    while n != END {
        n = if begin.elapsed() < Duration::from_secs(1) { n + 2 } else { END };
        for n in [n - 1, n] {
            to_do.store(n, Relaxed);
            event.set(); // the second time, that is about to be cleared
        }
        let at_once = (0..10_000).any(|_| done.load(Relaxed) == n);
        until("the worker", || at_once || done.load(Relaxed) == n);
    }
    assert_eq!(join(&worker), 0);
}

fn a_killed_waiter_holds_nobody_up() {
    let event = Event::new().unwrap();
    let mut waiters: Vec<Child> =
        (0..3).map(|_| sleeper(|| assert!(event.wait_timeout(LONG)))).collect();
    kill_and_join(&waiters.remove(1));
    let setter = start(|| event.set());
    assert!(waiters.iter().chain([&setter]).all(|child| join(child) == 0));
    event.clear();
    assert!(!event.wait_timeout(Duration::from_millis(1)));
}

fn a_stopped_waiter_holds_nobody_up() {
    let event = Event::new().unwrap();
    let stopped = sleeper(|| event.wait());
    let waiter = sleeper(|| event.wait());
    stop(&stopped);
    let setter = start(|| {
        event.set();
        event.clear();
    });
    assert_eq!((join(&setter), join(&waiter)), (0, 0));
    assert!(stopped.is_alive().unwrap());
    go_on(&stopped);
    assert_eq!(join(&stopped), 0, "it was set meanwhile");
}

fn signal_handlers_do_not_disturb_a_wait() {
    let event = Event::new().unwrap();
    let storm = storm_of_signals();
    assert!(!takes(SHORT, || event.wait_timeout(SHORT)));
    let setter = start(|| {
        thread::sleep(SHORT);
        event.set();
    });
    assert!(event.wait_timeout(LONG));
    for _ in 0..10_000 {
        event.clear();
        event.set();
    }
    drop(storm);
    assert_eq!(join(&setter), 0);
}

/// Whoever is killed in the middle of whatever it does: the others can set, clear and wait.
fn a_storm_of_kills() {
    let event = Event::new().unwrap();
    for _ in 0..150 {
        let work = || {
            loop {
                event.set();
                event.wait_timeout(Duration::from_micros(50));
                event.clear();
                event.wait_timeout(Duration::from_micros(50));
            }
        };
        let workers: Vec<Child> = (0..3).map(|_| start(work)).collect();
        let waiter = start(|| assert!(event.wait_timeout(LONG)));
        thread::sleep(Duration::from_micros(rand::random_range(0..2_000)));
        workers.iter().for_each(kill_and_join);
        let last = start(|| event.set());
        assert_eq!((join(&last), join(&waiter)), (0, 0));
        assert!(event.is_set());
        event.clear();
        assert!(!event.is_set());
    }
}
