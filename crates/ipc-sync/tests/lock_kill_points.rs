//! A process is killed at every instruction of `lock` and of `unlock`, in turn: the next one gets
//! the lock each time.
//!
//! Each test is a scene that is played again and again. The *victim* is single-stepped through an
//! operation and killed one instruction later than the time before, until it comes to the end.

use std::time::Duration;

use ipc_common::{Child, Lock};
use nix::sys::signal::{Signal, raise};
use testing::kill_points::{at_every_instruction, at_every_instruction_slowly};
use testing::processes::{DEADLINE, is_in_futex, join, start, until};
use testing::signpost::Signpost;
use testing::tests;
use testing::victim::Victim;

tests![
    lock_and_unlock_alone,
    try_lock_of_a_held_lock,
    lock_with_another_asleep,
    unlock_with_another_asleep,
    woken_with_another_asleep,
    woken_too_late_with_another_asleep,
    unlock_that_is_overtaken,
];

/// Another process that waits for the lock; its exit code is 0 if it got it.
fn sleeper(lock: &Lock) -> Child {
    let child = start(|| assert!(lock.lock_timeout(DEADLINE).unwrap().is_some()));
    until("sleep", || is_in_futex(child.pid()));
    child
}

/// The promise.
fn everybody_gets(lock: &Lock) {
    assert!(lock.lock_timeout(DEADLINE).unwrap().is_some(), "this process does not get the lock");
    let other = start(|| assert!(lock.lock_timeout(DEADLINE).unwrap().is_some()));
    assert_eq!(join(&other), 0, "another process does not get the lock");
}

fn lock_and_unlock_alone() {
    at_every_instruction("lock and unlock", |n| {
        let lock = Lock::new().unwrap();
        let victim = Victim::new(|| drop(lock.lock().unwrap()));
        let reached = victim.steps(n);
        victim.kill();
        everybody_gets(&lock);
        reached
    });
}

/// A process that has the lock and gives it back when it is told to.
struct Holder {
    child: Child,
    release: Signpost,
}

impl Holder {
    fn of(lock: &Lock) -> Self {
        let (held, release) = (Signpost::new(), Signpost::new());
        let child = start(|| {
            let _guard = lock.lock().unwrap();
            held.set();
            release.wait();
        });
        held.wait();
        Holder { child, release }
    }

    fn release(self) {
        self.release.set();
        assert_eq!(join(&self.child), 0);
    }
}

fn try_lock_of_a_held_lock() {
    let lock = Lock::new().unwrap();
    let holder = Holder::of(&lock);
    at_every_instruction("try_lock of a held lock", |n| {
        let victim = Victim::new(|| assert!(lock.try_lock().unwrap().is_none()));
        let reached = victim.steps(n);
        victim.kill();
        assert!(lock.try_lock().unwrap().is_none(), "it is still held");
        reached
    });
    holder.release();
    everybody_gets(&lock);
}

/// The victim goes to sleep after another, and is killed on the way, asleep, or — as the last to
/// be woken — when it has the lock.
fn lock_with_another_asleep() {
    at_every_instruction("lock behind another sleeper", |n| {
        let lock = Lock::new().unwrap();
        let mut holder = Some(Holder::of(&lock));
        let other = sleeper(&lock);
        let victim = Victim::new(|| drop(lock.lock().unwrap()));
        let reached = victim.steps_and_wake(n, || {
            if let Some(holder) = holder.take() {
                holder.release();
            }
        });
        victim.kill();
        if let Some(holder) = holder.take() {
            holder.release();
        }
        assert_eq!(join(&other), 0, "the other sleeper does not get the lock");
        everybody_gets(&lock);
        reached
    });
}

fn unlock_with_another_asleep() {
    at_every_instruction("unlock with a sleeper", |n| {
        let lock = Lock::new().unwrap();
        let victim = Victim::new(|| {
            let guard = lock.lock().unwrap();
            raise(Signal::SIGSTOP).unwrap();
            drop(guard);
        });
        victim.run_to_stop();
        let other = sleeper(&lock);
        let reached = victim.steps(n);
        victim.kill();
        assert_eq!(join(&other), 0, "the sleeper does not get the lock");
        everybody_gets(&lock);
        reached
    });
}

/// Lets the victim go to sleep in `lock`, then another after it, then has the lock released, so
/// that the victim is the one who is woken. It is stopped before it knows.
fn victim_woken_before_another(lock: &Lock) -> (Victim, Child) {
    let holder = Holder::of(lock);
    let victim = Victim::new(|| drop(lock.lock().unwrap()));
    assert!(victim.step_to_sleep());
    let other = sleeper(lock);
    holder.release();
    victim.woken();
    (victim, other)
}

fn woken_with_another_asleep() {
    at_every_instruction("woken before another", |n| {
        let lock = Lock::new().unwrap();
        let (victim, other) = victim_woken_before_another(&lock);
        let reached = victim.steps(n);
        victim.kill();
        assert_eq!(join(&other), 0, "the other sleeper does not get the lock");
        everybody_gets(&lock);
        reached
    });
}

/// The victim is woken, but a third process is faster and has the lock. Now nobody but that one
/// can wake the other sleeper, and it must know that it has to: this is where robust pthread
/// mutexes leave the sleeper asleep.
fn woken_too_late_with_another_asleep() {
    at_every_instruction_slowly("woken too late", |n| {
        let lock = Lock::new().unwrap();
        let (victim, other) = victim_woken_before_another(&lock);
        let third = Holder::of(&lock);
        // To where it goes to sleep again.
        let reached = victim.steps_awake(n);
        victim.kill();
        third.release();
        assert_eq!(join(&other), 0, "the other sleeper does not get the lock");
        everybody_gets(&lock);
        reached
    });
}

/// A process that has the lock, if that is free now.
fn overtaker(lock: &Lock) -> Option<Holder> {
    let (held, release) = (Signpost::new(), Signpost::new());
    let child = start(|| {
        if let Some(_guard) = lock.try_lock().unwrap() {
            held.set();
            release.wait();
        }
    });
    until("the try", || held.is_set() || !child.is_alive().unwrap());
    held.is_set().then_some(Holder { child, release })
}

/// The victim releases a lock that nobody sleeps for any more, and is about to say so. Before it can,
/// another process has had the lock, one that sleeps has been woken, and one sleeps on.
fn unlock_that_is_overtaken() {
    at_every_instruction("unlock, overtaken", |n| {
        let lock = Lock::new().unwrap();
        let victim = Victim::new(|| {
            let guard = lock.lock().unwrap();
            raise(Signal::SIGSTOP).unwrap();
            drop(guard);
        });
        victim.run_to_stop();
        let gives_up = || assert!(lock.lock_timeout(Duration::from_millis(1)).unwrap().is_none());
        assert_eq!(join(&start(gives_up)), 0);
        let reached = victim.steps(n);
        let mut others = None;
        if let Some(overtaker) = overtaker(&lock) {
            let woken = Victim::new(|| drop(lock.lock().unwrap()));
            assert!(woken.step_to_sleep());
            let other = sleeper(&lock);
            overtaker.release();
            woken.woken();
            others = Some((woken, other));
        }
        if reached {
            victim.run_to_stop();
        }
        victim.kill();
        if let Some((woken, other)) = others {
            woken.run_to_stop();
            woken.kill();
            assert_eq!(join(&other), 0, "the other sleeper does not get the lock");
        }
        everybody_gets(&lock);
        reached
    });
}
