//! A process is killed at every instruction of what semaphores, events, conditions, barriers and
//! values do, in turn: the others go on, and what is shared is as before or as after.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use ipc_common::{Barrier, Child, Condition, Error, Event, Semaphore, Value};
use testing::kill_points::{at_every_instruction, at_every_place};
use testing::processes::{DEADLINE, LONG, is_in_futex, join, sleeper, start, until};
use testing::tests;
use testing::victim::Victim;

tests![
    acquire_a_permit,
    acquire_that_waits_for_a_permit,
    release_that_wakes_an_acquirer,
    set_that_wakes_a_waiter,
    clear,
    wait_for_an_event,
    wait_until_notified,
    wait_until_the_time_is_up,
    notify_one_of_two,
    come_to_a_barrier_and_wait,
    come_last_to_a_barrier,
    come_last_with_an_action,
    give_up_at_a_barrier,
    reset_a_barrier,
    abort_a_barrier,
    fetch_add,
];

/// Looks whether a process that waits has been woken, or sleeps on because `is_to_wait`.
fn is_done(waiter: &Child, is_to_wait: impl Fn() -> bool) -> bool {
    until("the waiter or nothing", || {
        !waiter.is_alive().unwrap() || (is_to_wait() && is_in_futex(waiter.pid()))
    });
    !waiter.is_alive().unwrap()
}

/// Exactly `permits` can be had, and given back.
fn has(semaphore: &Semaphore, permits: u32) {
    assert_eq!(semaphore.value(), permits);
    (0..permits).for_each(|_| assert!(semaphore.acquire_timeout(LONG)));
    assert!(!semaphore.try_acquire());
    (0..2).for_each(|_| semaphore.release().unwrap());
    assert!(semaphore.acquire_timeout(LONG));
    assert_eq!(semaphore.value(), 1);
}

fn acquire_a_permit() {
    at_every_instruction("acquire", |n| {
        let semaphore = Semaphore::new(2).unwrap();
        let victim = Victim::new(|| semaphore.acquire());
        let reached = victim.steps(n);
        victim.kill();
        let permits = semaphore.value();
        assert!(permits == 2 || permits == 1);
        has(&semaphore, permits);
        reached
    });
}

/// Another sleeps behind the victim, and is faster when both are woken.
fn acquire_that_waits_for_a_permit() {
    at_every_place("acquire that waits", |n| {
        let semaphore = Semaphore::new(0).unwrap();
        let victim = Victim::new(|| semaphore.acquire());
        let mut others = 0;
        let reached = victim.steps_and_wake(n, || {
            if others == 0 {
                let other = sleeper(|| semaphore.acquire());
                semaphore.release().unwrap();
                assert_eq!(join(&other), 0, "the other sleeps on");
                others = 1;
            } else {
                semaphore.release().unwrap();
            }
        });
        victim.kill();
        let permits = semaphore.value();
        assert!(permits <= others);
        has(&semaphore, permits);
        reached
    });
}

fn release_that_wakes_an_acquirer() {
    at_every_instruction("release with a sleeper", |n| {
        let semaphore = Semaphore::bounded(1).unwrap();
        semaphore.acquire();
        let waiter = sleeper(|| assert!(semaphore.acquire_timeout(LONG)));
        let victim = Victim::new(|| semaphore.release().unwrap());
        let reached = victim.steps(n);
        victim.kill();
        if !is_done(&waiter, || semaphore.value() == 0) {
            semaphore.release().unwrap();
        }
        assert_eq!(join(&waiter), 0);
        assert_eq!(semaphore.value(), 0);
        semaphore.release().unwrap();
        assert!(matches!(semaphore.release(), Err(Error::TooManyReleases { limit: 1 })));
        reached
    });
}

/// It can be set, cleared and waited for.
fn works_on(event: &Event) {
    event.set();
    assert!(event.is_set() && event.wait_timeout(Duration::ZERO));
    event.clear();
    assert!(!event.is_set() && !event.wait_timeout(Duration::ZERO));
}

fn set_that_wakes_a_waiter() {
    at_every_instruction("set with a sleeper", |n| {
        let event = Event::new().unwrap();
        let waiter = sleeper(|| assert!(event.wait_timeout(LONG)));
        let victim = Victim::new(|| event.set());
        let reached = victim.steps(n);
        victim.kill();
        if !is_done(&waiter, || !event.is_set()) {
            event.set();
        }
        assert_eq!(join(&waiter), 0);
        works_on(&event);
        reached
    });
}

fn clear() {
    at_every_instruction("clear", |n| {
        let event = Event::new().unwrap();
        event.set();
        let victim = Victim::new(|| event.clear());
        let reached = victim.steps(n);
        victim.kill();
        assert_eq!(event.wait_timeout(Duration::ZERO), event.is_set());
        works_on(&event);
        reached
    });
}

fn wait_for_an_event() {
    at_every_place("wait for an event", |n| {
        let event = Event::new().unwrap();
        let victim = Victim::new(|| event.wait());
        let other = sleeper(|| assert!(event.wait_timeout(LONG)));
        let reached = victim.steps_and_wake(n, || event.set());
        victim.kill();
        event.set();
        assert_eq!(join(&other), 0, "the other sleeps on");
        works_on(&event);
        reached
    });
}

/// A process that waits for its notification.
fn waiter(condition: &Condition) -> Child {
    sleeper(|| assert!(condition.lock().unwrap().wait_timeout(LONG).unwrap()))
}

/// Notifies all, which are so many, and sees them go.
fn notifies(condition: &Condition, waiters: &[Child], waiting: usize) {
    let mut held = condition.lock_timeout(DEADLINE).unwrap().expect("nobody has it");
    assert_eq!(held.notify_all(), waiting);
    assert!(!held.wait_timeout(Duration::ZERO).unwrap());
    assert_eq!(held.notify_all(), 0);
    drop(held);
    assert!(waiters.iter().all(|waiter| join(waiter) == 0), "one sleeps on");
}

fn wait_until_notified() {
    at_every_place("wait until notified", |n| {
        let condition = Condition::new().unwrap();
        let other = [waiter(&condition)];
        let victim = Victim::new(|| condition.lock().unwrap().wait().unwrap());
        let mut waiting = 1;
        let reached = victim.steps_and_wake(n, || {
            notifies(&condition, &other, 2);
            waiting = 0;
        });
        victim.kill();
        notifies(&condition, &other, waiting);
        reached
    });
}

fn wait_until_the_time_is_up() {
    at_every_place("wait until the time is up", |n| {
        let condition = Condition::new().unwrap();
        let other = [waiter(&condition)];
        let victim = Victim::new(|| {
            condition.lock().unwrap().wait_timeout(Duration::from_nanos(1)).unwrap();
        });
        let reached = victim.steps(n);
        victim.kill();
        notifies(&condition, &other, 1);
        reached
    });
}

fn notify_one_of_two() {
    at_every_instruction("notify one of two", |n| {
        let condition = Condition::new().unwrap();
        let others = [waiter(&condition), waiter(&condition)];
        let victim = Victim::new(|| assert_eq!(condition.lock().unwrap().notify(1), 1));
        let reached = victim.steps(n);
        victim.kill();
        let held = condition.lock_timeout(DEADLINE).unwrap().expect("nobody has it");
        assert!((1..=2).contains(&held.notify_all()), "the victim notified one or none");
        drop(held);
        notifies(&condition, &others, 0);
        reached
    });
}

const BROKEN: u8 = 7;

/// One that comes to the barrier. Its code is 0 if it passes.
fn party(barrier: &Barrier) -> Child {
    start(|| match barrier.wait_timeout(LONG) {
        Ok(_) => ExitCode::SUCCESS,
        Err(Error::BrokenBarrier) => ExitCode::from(BROKEN),
        Err(error) => panic!("{error}"),
    })
}

fn waiting_party(barrier: &Barrier) -> Child {
    let child = party(barrier);
    until("sleep", || is_in_futex(child.pid()));
    child
}

/// All have passed, or it was broken for all.
fn agree(parties: &[Child]) -> i32 {
    let codes: Vec<i32> = parties.iter().map(join).collect();
    assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
    assert!(codes[0] == 0 || codes[0] == BROKEN.into(), "{codes:?}");
    codes[0]
}

/// After a reset three pass.
fn is_usable(barrier: &Barrier) {
    barrier.reset().unwrap();
    let wait = || barrier.wait_timeout(LONG).unwrap();
    thread::scope(|scope| {
        let others = [scope.spawn(wait), scope.spawn(wait)];
        let leads = usize::from(wait());
        let leads = others.map(|other| other.join().unwrap().into()).iter().sum::<usize>() + leads;
        assert_eq!(leads, 1);
    });
}

/// The victim is the second of three that come, and then the last comes or two others.
fn second_of_three(name: &str, victims: impl Fn(&Barrier)) {
    at_every_place(name, |n| {
        let barrier = Barrier::new(3).unwrap();
        let mut parties = vec![waiting_party(&barrier)];
        let victim = Victim::new(|| victims(&barrier));
        let reached = victim.steps_and_wake(n, || {
            parties.push(party(&barrier));
            assert_eq!(agree(&parties), 0);
        });
        victim.kill();
        if parties.len() == 1 {
            parties.extend([party(&barrier), party(&barrier)]);
            agree(&parties);
        }
        is_usable(&barrier);
        reached
    });
}

fn come_to_a_barrier_and_wait() {
    second_of_three("come to a barrier and wait", |barrier| drop(barrier.wait()));
}

fn give_up_at_a_barrier() {
    second_of_three("give up at a barrier", |barrier| {
        drop(barrier.wait_timeout(Duration::from_nanos(1)));
    });
}

/// Two wait, and the victim does what ends that for both.
fn ends_the_wait_of_two(name: &str, end: impl Fn(&Barrier)) {
    at_every_instruction(name, |n| {
        let barrier = Barrier::new(3).unwrap();
        let parties = [waiting_party(&barrier), waiting_party(&barrier)];
        let victim = Victim::new(|| end(&barrier));
        let reached = victim.steps(n);
        victim.kill();
        match barrier.waiting().unwrap() {
            2 => assert!(barrier.wait_timeout(LONG).unwrap(), "it was as if nobody had come"),
            0 => {}
            waiting => panic!("{waiting} wait on"),
        }
        agree(&parties);
        is_usable(&barrier);
        reached
    });
}

fn come_last_to_a_barrier() {
    ends_the_wait_of_two("come last to a barrier", |barrier| assert!(barrier.wait().unwrap()));
}

/// Those who pass can rely on the action.
fn come_last_with_an_action() {
    at_every_instruction("come last with an action", |n| {
        let (barrier, actions) = (Barrier::new(3).unwrap(), Value::new(0).unwrap());
        let parties = [waiting_party(&barrier), waiting_party(&barrier)];
        let victim = Victim::new(|| {
            assert!(barrier.wait_with(|| actions.fetch_add(1).map(drop)).unwrap());
        });
        let reached = victim.steps(n);
        victim.kill();
        let is_over = parties.iter().all(|party| is_done(party, || !barrier.is_broken()));
        if !is_over && barrier.waiting().unwrap() == 2 {
            assert!(barrier.wait_timeout(LONG).unwrap(), "it was as if nobody had come");
        } else if agree(&parties) == 0 {
            assert_eq!(actions.get().unwrap(), 1);
        }
        agree(&parties);
        is_usable(&barrier);
        reached
    });
}

fn reset_a_barrier() {
    ends_the_wait_of_two("reset a barrier", |barrier| barrier.reset().unwrap());
}

fn abort_a_barrier() {
    ends_the_wait_of_two("abort a barrier", |barrier| barrier.abort().unwrap());
}

fn fetch_add() {
    const BEFORE: u64 = u64::MAX >> 8;
    at_every_instruction("fetch_add", |n| {
        let value = Value::new(BEFORE).unwrap();
        let victim = Victim::new(|| assert_eq!(value.fetch_add(1).unwrap(), BEFORE));
        let reached = victim.steps(n);
        victim.kill();
        let found = *value.lock_timeout(DEADLINE).unwrap().expect("nobody has it");
        assert!(found == BEFORE || found == BEFORE + 1, "{found:x}");
        assert_eq!(value.fetch_add(1).unwrap(), found);
        assert_eq!(*value.lock().unwrap(), found + 1);
        reached
    });
}
