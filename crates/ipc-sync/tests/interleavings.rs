//! A process is held up at every instruction of a wait, in turn, while another does what it waits for:
//! it goes on, wherever that was.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ipc_common::{Barrier, Condition, Error, Event, Outcome, Semaphore, Value};
use testing::kill_points::{at_every_instruction, at_every_place};
use testing::memory::Shared;
use testing::processes::{LONG, is_in_futex, join, kill_and_join, sleeper, start, until};
use testing::tests;
use testing::victim::Victim;

tests![
    a_permit_comes_during_acquire,
    a_set_comes_during_wait,
    a_notification_comes_during_wait_for,
    the_last_comes_during_wait,
    a_party_dies_during_wait,
    the_last_comes_while_the_other_gives_up,
    a_permit_comes_and_goes_during_acquire,
    two_acquire_one_permit,
    two_release_one_permit,
    two_set_at_once,
    two_clear_at_once,
];

/// What the victim does, and another process for it.
struct Wait<O, T> {
    /// For each scene another one: a victim that has gone astray leaves it in the middle of things.
    make: fn() -> O,
    wait: fn(&O),
    wake: fn(&O) -> T,
    /// Whether it is as before, after both.
    is_as_before: fn(&O) -> bool,
}

/// Lets another process `wake` the victim, when it has come to instruction `n` of `wait` or sleeps
/// before. One that is not woken sleeps until the tests' limit.
fn is_not_forgotten<O, T: Outcome>(
    name: &str,
    Wait { make, wait, wake, is_as_before }: Wait<O, T>,
) {
    at_every_place(name, |n| {
        let object = make();
        let victim = Victim::new(|| wait(&object));
        let mut other = None;
        let wake = || {
            let other = start(|| wake(&object));
            // Unless the victim has to go on before.
            until("end or sleep", || !other.is_alive().unwrap() || is_in_futex(other.pid()));
            other
        };
        let reached = victim.steps_and_wake(n, || {
            other.get_or_insert_with(wake);
        });
        let other = other.unwrap_or_else(wake);
        if !reached {
            return victim.give_up(&other);
        }
        victim.run_to_stop();
        assert_eq!(join(&other), 0);
        assert!(is_as_before(&object));
        victim.kill();
        true
    });
}

fn a_permit_comes_during_acquire() {
    let wait = Wait {
        make: || Semaphore::new(0).unwrap(),
        wait: Semaphore::acquire,
        wake: Semaphore::release,
        is_as_before: |semaphore| semaphore.value() == 0,
    };
    is_not_forgotten("acquire, released", wait);
}

fn a_set_comes_during_wait() {
    let wait = Wait {
        make: || Event::new().unwrap(),
        wait: |event| {
            event.wait();
            event.clear();
        },
        wake: Event::set,
        is_as_before: |event| !event.is_set(),
    };
    is_not_forgotten("wait, set", wait);
}

fn a_notification_comes_during_wait_for() {
    let wait = Wait {
        make: || (Condition::new().unwrap(), Value::new(0_u8).unwrap()),
        wait: |(condition, is_so)| {
            let mut held = condition.lock().unwrap();
            held.wait_for(|| Ok(*is_so.lock()? != 0)).unwrap();
            *is_so.lock().unwrap() = 0;
        },
        wake: |(condition, is_so)| {
            let held = condition.lock().unwrap();
            *is_so.lock().unwrap() = 1;
            held.notify(1);
        },
        is_as_before: |(_, is_so)| *is_so.lock().unwrap() == 0,
    };
    is_not_forgotten("wait_for, notified", wait);
}

fn the_last_comes_during_wait() {
    let wait = |barrier: &Barrier| assert!(barrier.wait().is_ok());
    let make = || Barrier::new(2).unwrap();
    let wait = Wait { make, wait, wake: wait, is_as_before: |barrier| !barrier.is_broken() };
    is_not_forgotten("wait, the last comes", wait);
}

/// One of three parties waits, and is killed while the second comes: the third finds it broken.
fn a_party_dies_during_wait() {
    at_every_place("wait, a party dies", |n| {
        let barrier = Barrier::new(3).unwrap();
        let party = sleeper(|| drop(barrier.wait()));
        let victim = Victim::new(|| drop(barrier.wait()));
        let mut third = None;
        let third_comes = || {
            kill_and_join(&party);
            start(|| drop(barrier.wait()))
        };
        let reached = victim.steps_and_wake(n, || {
            third.get_or_insert_with(third_comes);
        });
        let third = third.unwrap_or_else(third_comes);
        if !reached {
            return victim.give_up(&third);
        }
        victim.run_to_stop();
        assert_eq!(join(&third), 0);
        victim.kill();
        assert!(barrier.is_broken());
        true
    });
}

/// Both pass or none does, and what is over breaks no later round.
fn the_last_comes_while_the_other_gives_up() {
    const PASSED: u32 = 1;
    const BROKEN: u32 = 2;
    let codes = Shared::<[AtomicU32; 2]>::new();
    at_every_place("give up, the last comes", |n| {
        let barrier = Barrier::new(2).unwrap();
        let come = |place: usize, timeout| {
            let code = match barrier.wait_timeout(timeout) {
                Ok(_) => PASSED,
                Err(Error::BrokenBarrier) => BROKEN,
                Err(error) => panic!("{error}"),
            };
            codes[place].store(code, Relaxed);
        };
        let victim = Victim::new(|| come(0, Duration::from_nanos(1)));
        let reached = victim.steps(n);
        let other = start(|| come(1, LONG));
        until("end or sleep", || !other.is_alive().unwrap() || is_in_futex(other.pid()));
        if !reached {
            return victim.give_up(&other);
        }
        victim.run_to_stop();
        assert_eq!(join(&other), 0);
        victim.kill();
        let codes = codes.each_ref().map(|code| code.load(Relaxed));
        assert_eq!(codes[0], codes[1]);
        assert_eq!(barrier.is_broken(), codes[0] == BROKEN);
        true
    });
}

/// A permit is put and taken away again, every few instructions, while the victim looks for one. It
/// never goes on without.
fn a_permit_comes_and_goes_during_acquire() {
    for steps in 1..=60 {
        let semaphore = Semaphore::new(0).unwrap();
        let victim = Victim::new(|| semaphore.acquire());
        let mut is_there = false;
        // It might go on like this for ever.
        let goes_on = (0..3_000 / steps).all(|_| {
            match is_there {
                false => semaphore.release().unwrap(),
                true if semaphore.try_acquire() => {}
                true => return false, // the victim has it
            }
            is_there = !is_there;
            victim.steps_awake(steps)
        });
        let asleep = is_in_futex(victim.pid().as_raw() as u32);
        assert!(goes_on || is_there != asleep, "without a permit, or asleep over one");
        if !is_there {
            semaphore.release().unwrap();
        }
        if asleep {
            victim.woken();
        }
        if goes_on || asleep {
            victim.run_to_stop();
        }
        assert_eq!(semaphore.value(), 0, "it went on without a permit");
        victim.kill();
    }
}

/// Another process does the same at every instruction, as far as it gets; then they go on.
fn two_at_once(name: &str, act: impl Fn(), is_right: impl Fn() -> bool) {
    at_every_instruction(name, |n| {
        let victim = Victim::new(&act);
        let reached = victim.steps(n);
        let other = start(&act);
        until("end or sleep", || !other.is_alive().unwrap() || is_in_futex(other.pid()));
        if !reached {
            return victim.give_up(&other);
        }
        victim.run_to_stop();
        assert_eq!(join(&other), 0);
        victim.kill();
        assert!(is_right());
        true
    });
}

fn two_acquire_one_permit() {
    let [permits, taken] = [1, 0].map(|permits| Semaphore::new(permits).unwrap());
    let act = || {
        if permits.try_acquire() {
            taken.release().unwrap();
        }
    };
    two_at_once("try_acquire twice", act, || {
        permits.release().unwrap();
        taken.try_acquire() && taken.value() == 0 && permits.value() == 1
    });
}

fn two_release_one_permit() {
    let semaphore = Semaphore::bounded(1).unwrap();
    semaphore.acquire();
    let act = || drop(semaphore.release());
    two_at_once("release twice", act, || semaphore.try_acquire() && semaphore.value() == 0);
}

fn two_set_at_once() {
    let event = Event::new().unwrap();
    let is_right = || {
        let is_set = event.is_set();
        event.clear();
        is_set && !event.is_set() && !event.wait_timeout(Duration::ZERO)
    };
    two_at_once("set twice", || event.set(), is_right);
}

fn two_clear_at_once() {
    let event = Event::new().unwrap();
    event.set();
    let is_right = || {
        let is_set = event.is_set();
        event.set();
        !is_set && event.is_set()
    };
    two_at_once("clear twice", || event.clear(), is_right);
}
