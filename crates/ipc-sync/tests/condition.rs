//! Conditions: as many wake as were notified, and those are of the living.

use std::process;
use std::thread;
use std::time::Duration;

use ipc_common::{Child, Condition, Error, Lock, Process, Value};
use testing::processes::{
    DEADLINE, LONG, go_on, is_in_futex, join, kill_and_join, sleeper, start, stop,
    storm_of_signals, takes, until,
};
use testing::signpost::Signpost;
use testing::tests;

tests![
    exactly_so_many_wake,
    notify_all_wakes_threads_and_processes,
    a_wait_that_times_out_is_false,
    who_gave_up_is_not_notified,
    wait_for_asks_after_each_notification,
    wait_for_ends_in_time,
    wait_for_hands_on_an_error,
    the_lock_is_given_back_meanwhile,
    each_notification_is_for_one_wait,
    more_than_1024_cannot_wait,
    a_killed_waiter_is_not_notified,
    a_stopped_waiter_holds_nobody_up,
    a_holder_that_dies_is_said,
    signal_handlers_do_not_disturb_a_wait,
    a_storm_of_kills,
    conditions_share_a_lock,
    one_lock_is_held_through_all_its_handles,
];

const SHORT: Duration = Duration::from_millis(60);

/// Waits for one notification, and counts it.
fn wait(condition: &Condition, woken: &Value<u32>) {
    let mut held = condition.lock().unwrap();
    assert!(held.wait_timeout(LONG).unwrap());
    woken.fetch_add(1).unwrap();
}

fn exactly_so_many_wake() {
    let (condition, woken) = (Condition::new().unwrap(), Value::new(0).unwrap());
    assert_eq!(condition.lock().unwrap().notify_all(), 0);
    let waiters: Vec<Child> = (0..6).map(|_| sleeper(|| wait(&condition, &woken))).collect();
    let mut all = 0;
    for (most, notified) in [(0, 0), (1, 1), (2, 2), (1, 1), (4, 2), (3, 0)] {
        assert_eq!(condition.lock().unwrap().notify(most), notified);
        all += notified;
        until("wake", || *woken.lock().unwrap() as usize == all);
        let asleep = || waiters.iter().filter(|waiter| is_in_futex(waiter.pid())).count();
        until("sleep", || asleep() == 6 - all);
        assert_eq!(*woken.lock().unwrap() as usize, all);
    }
    assert!(waiters.iter().all(|waiter| join(waiter) == 0));
}

fn notify_all_wakes_threads_and_processes() {
    let condition = Condition::new().unwrap();
    let (arrived, woken) = (Value::new(0).unwrap(), Value::new(0).unwrap());
    let wait = || {
        let mut held = condition.lock().unwrap();
        arrived.fetch_add(1).unwrap();
        assert!(held.wait_timeout(LONG).unwrap());
        woken.fetch_add(1).unwrap();
    };
    let children: Vec<Child> = (0..3).map(|_| start(wait)).collect();
    thread::scope(|scope| {
        (0..3).for_each(|_| drop(scope.spawn(wait)));
        until("all", || {
            let held = condition.lock().unwrap();
            let all = *arrived.lock().unwrap() == 6;
            assert!(!all || held.notify_all() == 6);
            all
        });
    });
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(*woken.lock().unwrap(), 6);
}

fn a_wait_that_times_out_is_false() {
    let condition = Condition::new().unwrap();
    let mut held = condition.lock().unwrap();
    for timeout in [Duration::ZERO, Duration::from_millis(1), SHORT] {
        assert!(!takes(timeout, || held.wait_timeout(timeout)).unwrap());
    }
    drop(held);
    let (held, end) = (Signpost::new(), Signpost::new());
    let holder = start(|| {
        let _held = condition.lock_timeout(Duration::ZERO).unwrap().expect("nobody has it");
        held.set();
        end.wait();
    });
    held.wait();
    assert!(takes(SHORT, || condition.lock_timeout(SHORT)).unwrap().is_none());
    end.set();
    assert_eq!(join(&holder), 0);
}

fn who_gave_up_is_not_notified() {
    let (condition, woken) = (Condition::new().unwrap(), Value::new(0).unwrap());
    let mut held = condition.lock().unwrap();
    assert!(!held.wait_timeout(Duration::from_millis(1)).unwrap());
    assert_eq!(held.notify_all(), 0);
    drop(held);
    // It had the first place, which now is another's.
    let waiter = sleeper(|| wait(&condition, &woken));
    let gives_up = start(|| condition.lock().unwrap().wait_timeout(SHORT).map(drop));
    assert_eq!(join(&gives_up), 0);
    let held = condition.lock().unwrap();
    assert_eq!((held.notify(5), held.notify(5)), (1, 0));
    drop(held);
    assert_eq!(join(&waiter), 0);
}

fn wait_for_asks_after_each_notification() {
    let (condition, state) = (Condition::new().unwrap(), Value::new(0).unwrap());
    let is = |wanted: i32| {
        let state = &state;
        move || Ok(*state.lock()? == wanted)
    };
    let child = start(|| {
        let mut held = condition.lock().unwrap();
        held.wait_for(is(0)).unwrap(); // it is so, and nobody notifies
        assert!(held.wait_for_timeout(is(0), Duration::ZERO).unwrap());
        held.wait_for(is(4)).unwrap();
        assert_eq!(*state.lock().unwrap(), 4);
        assert!(held.wait_for_timeout(is(6), LONG).unwrap());
    });
    for _ in 0..6 {
        until("sleep", || is_in_futex(child.pid()));
        let held = condition.lock().unwrap();
        state.fetch_add(1).unwrap();
        held.notify(1);
        drop(held);
        until("look", || *state.lock().unwrap() == 6 || is_in_futex(child.pid()));
    }
    assert_eq!(join(&child), 0);
}

fn wait_for_ends_in_time() {
    let condition = Condition::new().unwrap();
    let never = start(|| {
        let mut held = condition.lock().unwrap();
        let mut asked = 0;
        let is_so = || {
            asked += 1;
            Ok(false)
        };
        assert!(!takes(SHORT, || held.wait_for_timeout(is_so, SHORT)).unwrap());
        assert!(asked > 2, "not when notified");
    });
    until("the end", || {
        condition.lock().unwrap().notify_all();
        thread::sleep(Duration::from_millis(1));
        !never.is_alive().unwrap()
    });
    assert_eq!(join(&never), 0);
    // What was said last counts, not that the time is up.
    let mut asked = 0;
    let is_so = || {
        asked += 1;
        Ok(asked == 2)
    };
    assert!(condition.lock().unwrap().wait_for_timeout(is_so, SHORT).unwrap());
}

fn wait_for_hands_on_an_error() {
    let condition = Condition::new().unwrap();
    let mut held = condition.lock().unwrap();
    let error = held.wait_for(|| Err(Error::Invalid("no"))).unwrap_err();
    assert!(matches!(error, Error::Invalid("no")), "{error}");
    assert!(matches!(condition.lock(), Err(Error::AlreadyLocked)), "it is still ours");
    assert!(matches!(Process::new(|| ()).start(), Err(Error::GuardHeld { guards: 1, .. })));
    drop(held);
    assert!(condition.lock().is_ok());
}

fn the_lock_is_given_back_meanwhile() {
    let (condition, woken) = (Condition::new().unwrap(), Value::new(0).unwrap());
    let waiter = sleeper(|| wait(&condition, &woken));
    let held = condition.lock_timeout(DEADLINE).unwrap().expect("nobody has it");
    assert_eq!(held.notify(1), 1);
    until("sleep", || is_in_futex(waiter.pid()));
    assert_eq!(*woken.lock().unwrap(), 0, "not before it has the lock again");
    drop(held);
    assert_eq!(join(&waiter), 0);
}

/// Waits that time out in the very moment: `notify` counts exactly those that return true.
fn each_notification_is_for_one_wait() {
    let (condition, heard) = (Condition::new().unwrap(), Value::new(0_usize).unwrap());
    let end = Value::new(0_u8).unwrap();
    let waiters: Vec<Child> = (0..3)
        .map(|n| {
            let (condition, heard, end) = (&condition, &heard, &end);
            start(move || {
                let mut held = condition.lock().unwrap();
                while *end.lock().unwrap() == 0 {
                    if held.wait_timeout(Duration::from_micros(n * 40)).unwrap() {
                        heard.fetch_add(1).unwrap();
                    }
                }
            })
        })
        .collect();
    let mut notified = 0;
    for n in 0..3_000 {
        notified += condition.lock().unwrap().notify(n % 4);
        thread::yield_now();
    }
    *end.lock().unwrap() = 1;
    assert!(waiters.iter().all(|waiter| join(waiter) == 0));
    assert_eq!(*heard.lock().unwrap(), notified);
}

fn more_than_1024_cannot_wait() {
    let (condition, arrived) = (Condition::new().unwrap(), Value::new(0).unwrap());
    let wait = || {
        let mut held = condition.lock().unwrap();
        arrived.fetch_add(1).unwrap();
        assert!(held.wait_timeout(LONG).unwrap());
    };
    let crowd = || {
        thread::scope(|scope| {
            for _ in 0..1024 {
                let small = thread::Builder::new().stack_size(64 << 10);
                small.spawn_scoped(scope, wait).unwrap();
            }
        });
    };
    for (all, dies) in [(1024, true), (2048, false)] {
        let crowd = start(crowd);
        until("all", || *arrived.lock().unwrap() == all);
        let mut held = condition.lock().unwrap();
        assert!(matches!(held.wait(), Err(Error::TooManyWaiting)));
        assert!(matches!(condition.lock(), Err(Error::AlreadyLocked)), "it is still ours");
        if dies {
            kill_and_join(&crowd);
        }
        assert_eq!(held.notify_all(), if dies { 0 } else { 1024 });
        drop(held);
        assert_eq!(join(&crowd), if dies { -9 } else { 0 });
    }
}

fn a_killed_waiter_is_not_notified() {
    for dead in 0..3 {
        let (condition, woken) = (Condition::new().unwrap(), Value::new(0).unwrap());
        let mut waiters: Vec<Child> =
            (0..3).map(|_| sleeper(|| wait(&condition, &woken))).collect();
        kill_and_join(&waiters.remove(dead));
        let notifier = start(|| assert_eq!(condition.lock().unwrap().notify(2), 2));
        assert!(waiters.iter().chain([&notifier]).all(|child| join(child) == 0));
        let held = condition.lock().unwrap();
        assert!(!held.owner_died());
        assert_eq!(held.notify_all(), 0);
    }
}

fn a_stopped_waiter_holds_nobody_up() {
    let (condition, woken) = (Condition::new().unwrap(), Value::new(0).unwrap());
    let [stopped, waiter] = [(); 2].map(|()| sleeper(|| wait(&condition, &woken)));
    stop(&stopped);
    let notifier = start(|| assert_eq!(condition.lock().unwrap().notify_all(), 2));
    assert_eq!((join(&notifier), join(&waiter)), (0, 0));
    assert_eq!(*woken.lock().unwrap(), 1);
    go_on(&stopped);
    assert_eq!(join(&stopped), 0);
}

fn a_holder_that_dies_is_said() {
    let (condition, woken) = (Condition::new().unwrap(), Value::new(0).unwrap());
    let waiter = sleeper(|| {
        let mut held = condition.lock().unwrap();
        assert!(!held.owner_died());
        assert!(held.wait_timeout(LONG).unwrap());
        assert!(held.owner_died());
    });
    let dies = start(|| {
        let held = condition.lock().unwrap();
        assert_eq!(held.notify(1), 1);
        process::abort()
    });
    assert_eq!((join(&dies), join(&waiter)), (-6, 0));
    let waiter = sleeper(|| wait(&condition, &woken));
    let held = condition.lock().unwrap();
    assert!(!held.owner_died());
    assert_eq!(held.notify(1), 1);
    drop(held);
    assert_eq!(join(&waiter), 0);
}

fn signal_handlers_do_not_disturb_a_wait() {
    let condition = Condition::new().unwrap();
    let storm = storm_of_signals();
    let mut held = condition.lock().unwrap();
    assert!(!takes(SHORT, || held.wait_timeout(SHORT)).unwrap());
    assert!(!takes(SHORT, || held.wait_for_timeout(|| Ok(false), SHORT)).unwrap());
    drop(held);
    let notifier = start(|| {
        thread::sleep(SHORT);
        until("a waiter", || condition.lock().unwrap().notify(1) == 1);
    });
    assert!(condition.lock().unwrap().wait_timeout(LONG).unwrap());
    drop(storm);
    assert_eq!(join(&notifier), 0);
}

/// Whoever is killed in the middle of whatever it does: the living are notified.
fn a_storm_of_kills() {
    let (condition, woken) = (Condition::new().unwrap(), Value::new(0).unwrap());
    let work = || {
        loop {
            let mut held = condition.lock().unwrap();
            held.notify(1);
            held.wait_timeout(Duration::from_micros(100)).unwrap();
        }
    };
    for n in 1..=150 {
        let workers: Vec<Child> = (0..3).map(|_| start(work)).collect();
        thread::sleep(Duration::from_micros(rand::random_range(0..2_000)));
        workers.iter().for_each(kill_and_join);
        let waiter = sleeper(|| wait(&condition, &woken));
        let held = condition.lock_timeout(DEADLINE).unwrap().expect("nobody has it");
        assert_eq!(held.notify_all(), 1, "the dead are counted");
        drop(held);
        assert_eq!(join(&waiter), 0);
        assert_eq!(*woken.lock().unwrap(), n);
    }
}

/// A place for one item, with two conditions: none is lost, and nobody sleeps on.
fn conditions_share_a_lock() {
    const ITEMS: u32 = 500;
    let lock = Lock::new().unwrap();
    let [empty, full] = [(); 2].map(|()| Condition::with_lock(&lock).unwrap());
    let (place, sum) = (Value::new(0).unwrap(), Value::new(0).unwrap());
    let produce = || {
        for item in 1..=ITEMS {
            let mut held = empty.lock().unwrap();
            assert!(held.wait_for_timeout(|| Ok(place.get()? == 0), LONG).unwrap());
            place.set(item).unwrap();
            held.on(&full).unwrap().notify(1);
        }
    };
    let consume = || {
        for _ in 0..ITEMS {
            let mut held = full.lock().unwrap();
            assert!(held.wait_for_timeout(|| Ok(place.get()? > 0), LONG).unwrap());
            sum.fetch_add(place.get().unwrap()).unwrap();
            place.set(0).unwrap();
            held.on(&empty).unwrap().notify(1);
        }
    };
    let children = [start(produce), start(consume), start(produce), start(consume)];
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(sum.get().unwrap(), 2 * (1..=ITEMS).sum::<u32>());
}

fn one_lock_is_held_through_all_its_handles() {
    let lock = Lock::new().unwrap();
    let [first, second] = [(); 2].map(|()| Condition::with_lock(&lock).unwrap());
    let waiter = sleeper(|| assert!(second.lock().unwrap().wait_timeout(LONG).unwrap()));
    let held = first.lock().unwrap();
    assert!(matches!(second.lock(), Err(Error::AlreadyLocked)));
    assert!(matches!(lock.lock(), Err(Error::AlreadyLocked)));
    thread::scope(|scope| {
        scope.spawn(|| assert!(lock.try_lock().unwrap().is_none()));
    });
    assert_eq!(held.notify_all(), 0, "the waiter waits for the other");
    let mut held = held.on(&second).unwrap();
    assert_eq!(held.notify_all(), 1);
    assert!(!held.wait_timeout(Duration::ZERO).unwrap()); // and takes the lock again
    assert!(matches!(first.lock(), Err(Error::AlreadyLocked)));
    drop(held);
    assert_eq!(join(&waiter), 0);

    // A lock of its own, held or not, is refused.
    let stranger = Condition::new().unwrap();
    assert!(matches!(first.lock().unwrap().on(&stranger), Err(Error::Invalid(_))));
    assert!(lock.try_lock().unwrap().is_some(), "it was given back");
    let earlier = Condition::new().unwrap();
    let [_earlier, held, _later] = [&earlier, &first, &stranger].map(Condition::lock);
    assert!(matches!(held.unwrap().on(&stranger), Err(Error::Invalid(_))));
}
