//! A process is held up at every instruction of a wait, in turn, while another does what it waits for:
//! it goes on, wherever that was.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod support;

use std::process::{ExitCode, Termination};
use std::time::Duration;

use ipc_common::{Barrier, Condition, Event, Semaphore, Value};

use support::victim::{Victim, at_every_instruction, at_every_place};
use support::*;

fn main() -> ExitCode {
    run(tests![
        a_permit_comes_during_acquire,
        a_set_comes_during_wait,
        a_notification_comes_during_wait_for,
        the_last_comes_during_wait,
        two_set_at_once,
    ])
}

/// Lets another process `wake` the victim, when it has come to instruction `n` of `wait` or sleeps
/// before. One that is not woken sleeps until the tests' limit.
fn is_not_forgotten<T: Termination>(name: &str, wait: impl Fn(), wake: impl Fn() -> T) {
    at_every_place(name, |n| {
        let victim = Victim::new(&wait);
        let mut other = None;
        let wake = || {
            let other = start(&wake);
            // Unless the victim has to go on before.
            until("end or sleep", || !other.is_alive().unwrap() || is_in_futex(other.pid()));
            other
        };
        let reached = victim.steps_and_wake(n, || {
            other.get_or_insert_with(wake);
        });
        let other = other.unwrap_or_else(wake);
        if reached {
            victim.run_to_stop();
        }
        assert_eq!(join(&other), 0);
        victim.kill();
        reached
    });
}

fn a_permit_comes_during_acquire() {
    let semaphore = Semaphore::new(0).unwrap();
    is_not_forgotten("acquire, released", || semaphore.acquire(), || semaphore.release());
    assert_eq!(semaphore.value(), 0);
}

fn a_set_comes_during_wait() {
    let event = Event::new().unwrap();
    let wait = || {
        event.wait();
        event.clear();
    };
    is_not_forgotten("wait, set", wait, || event.set());
    assert!(!event.is_set());
}

fn a_notification_comes_during_wait_for() {
    let (condition, is_so) = (Condition::new().unwrap(), Value::new(0_u8).unwrap());
    let wait = || {
        let mut held = condition.lock().unwrap();
        held.wait_for(|| Ok(*is_so.lock()? != 0)).unwrap();
        *is_so.lock().unwrap() = 0;
    };
    let wake = || {
        let held = condition.lock().unwrap();
        *is_so.lock().unwrap() = 1;
        held.notify(1);
    };
    is_not_forgotten("wait_for, notified", wait, wake);
}

fn the_last_comes_during_wait() {
    let barrier = Barrier::new(2).unwrap();
    let wait = || assert!(barrier.wait().is_ok());
    is_not_forgotten("wait, the last comes", wait, wait);
}

/// It is set, and once cleared it is not.
fn two_set_at_once() {
    let event = Event::new().unwrap();
    at_every_instruction("set, set by another", |n| {
        let victim = Victim::new(|| event.set());
        let reached = victim.steps(n);
        let other = start(|| event.set());
        until("end or sleep", || !other.is_alive().unwrap() || is_in_futex(other.pid()));
        if reached {
            victim.run_to_stop();
        }
        assert_eq!(join(&other), 0);
        victim.kill();
        assert!(event.is_set());
        event.clear();
        assert!(!event.is_set() && !event.wait_timeout(Duration::ZERO));
        reached
    });
}
