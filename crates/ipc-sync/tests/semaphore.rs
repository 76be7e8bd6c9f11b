//! Semaphores: no permit is lost or given twice, and no dead or stopped process keeps one back that
//! it only waited for.

use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Barrier, Child, Error, Process, Semaphore, Value};
use testing::processes::{
    LONG, go_on, is_in_futex, join, kill_and_join, sleeper, start, stop, storm_of_signals, takes,
    until,
};
use testing::tests;

tests![
    permits_are_counted,
    a_bounded_one_never_has_more_than_at_the_beginning,
    no_more_permits_than_can_be_counted,
    a_timeout_is_not_early_and_not_for_ever,
    a_timeout_runs_while_another_waits_too,
    who_does_not_want_to_wait_does_not,
    who_does_not_want_to_wait_gets_what_there_is,
    none_is_given_back_twice,
    who_waits_gets_the_permit,
    as_many_inside_as_there_are_permits,
    each_permit_is_taken_once,
    without_waiters_there_are_no_system_calls,
    a_killed_waiter_has_taken_nothing,
    a_permit_taken_by_the_dead_can_be_given_back,
    a_stopped_waiter_does_not_hold_up_release,
    signal_handlers_do_not_disturb_a_wait,
    a_storm_of_kills,
    a_guarded_permit_comes_back_however_its_block_ends,
    a_guarded_permit_is_that_of_one_process,
    who_is_killed_with_a_guarded_permit_takes_it_along,
];

const SHORT: Duration = Duration::from_millis(60);

fn permits_are_counted() {
    for semaphore in [Semaphore::new(2).unwrap(), Semaphore::bounded(2).unwrap()] {
        assert_eq!(semaphore.value(), 2);
        semaphore.acquire();
        assert_eq!(semaphore.value(), 1);
        assert!(semaphore.acquire_timeout(Duration::ZERO));
        assert_eq!(semaphore.value(), 0);
        assert!(!semaphore.try_acquire());
        assert_eq!(semaphore.value(), 0);
        semaphore.release().unwrap();
        assert_eq!(semaphore.value(), 1);
        assert_eq!(join(&start(|| semaphore.release().unwrap())), 0);
        assert_eq!(semaphore.value(), 2);
        assert!(semaphore.try_acquire());
        assert_eq!(format!("{semaphore:?}"), "Semaphore { value: 1 }");
    }
}

fn a_bounded_one_never_has_more_than_at_the_beginning() {
    for permits in [0, 1, 2] {
        let semaphore = Semaphore::bounded(permits).unwrap();
        let refused = || {
            let error = semaphore.release().unwrap_err();
            assert!(matches!(error, Error::TooManyReleases { limit } if limit == permits));
            assert_eq!(semaphore.value(), permits);
        };
        refused();
        for _ in 0..permits {
            semaphore.acquire();
        }
        for _ in 0..permits {
            semaphore.release().unwrap();
        }
        refused();
    }
    let semaphore = Semaphore::new(2).unwrap();
    semaphore.release().unwrap();
    assert_eq!(semaphore.value(), 3);
}

fn no_more_permits_than_can_be_counted() {
    const MOST: u32 = 1 << 29;
    assert!(matches!(Semaphore::new(MOST + 1), Err(Error::Invalid(_))));
    assert!(matches!(Semaphore::bounded(u32::MAX), Err(Error::Invalid(_))));
    let semaphore = Semaphore::new(MOST).unwrap();
    assert_eq!(semaphore.value(), MOST);
    assert!(matches!(semaphore.release(), Err(Error::TooManyReleases { limit: MOST })));
    assert!(semaphore.try_acquire());
    assert_eq!(semaphore.value(), MOST - 1);
    semaphore.release().unwrap();
    assert_eq!(semaphore.value(), MOST);
}

fn a_timeout_is_not_early_and_not_for_ever() {
    let semaphore = Semaphore::new(0).unwrap();
    for timeout in [Duration::ZERO, Duration::from_millis(1), SHORT] {
        assert!(!takes(timeout, || semaphore.acquire_timeout(timeout)));
    }
    semaphore.release().unwrap();
    assert!(semaphore.acquire_timeout(Duration::MAX));
}

/// One sleeps for a permit, and the others behind it.
fn a_timeout_runs_while_another_waits_too() {
    let semaphore = Semaphore::new(0).unwrap();
    let first = sleeper(|| semaphore.acquire());
    assert!(!takes(SHORT, || semaphore.acquire_timeout(SHORT)));
    semaphore.release().unwrap();
    assert_eq!(join(&first), 0);

    let first = sleeper(|| assert!(!takes(SHORT, || semaphore.acquire_timeout(SHORT))));
    let second = sleeper(|| assert!(semaphore.acquire_timeout(LONG)));
    assert_eq!(join(&first), 0);
    semaphore.release().unwrap();
    assert_eq!(join(&second), 0);
    assert_eq!(semaphore.value(), 0);
}

fn who_does_not_want_to_wait_does_not() {
    let semaphore = Semaphore::new(0).unwrap();
    let waiter = sleeper(|| semaphore.acquire());
    let fastest = (0..20).map(|_| {
        let begin = Instant::now();
        assert!(!semaphore.try_acquire());
        begin.elapsed()
    });
    assert!(fastest.min().unwrap() < Duration::from_millis(20));
    semaphore.release().unwrap();
    assert_eq!(join(&waiter), 0);
}

/// Others take one at the same moment, and there are enough.
fn who_does_not_want_to_wait_gets_what_there_is() {
    let (semaphore, begin) = (Semaphore::new(400_000).unwrap(), Barrier::new(2).unwrap());
    let take = || {
        begin.wait().unwrap();
        (0..200_000).for_each(|_| assert!(semaphore.try_acquire()));
    };
    let takers = [start(take), start(take)];
    assert!(takers.iter().all(|taker| join(taker) == 0));
    assert!(!semaphore.try_acquire());
}

/// Several give back what only one of them may.
fn none_is_given_back_twice() {
    let (semaphore, begin) = (Semaphore::bounded(1).unwrap(), Barrier::new(3).unwrap());
    let play = || {
        begin.wait().unwrap();
        for _ in 0..50_000 {
            semaphore.try_acquire();
            let _ = semaphore.release();
            assert!(semaphore.value() <= 1);
        }
    };
    let players: Vec<Child> = (0..3).map(|_| start(play)).collect();
    assert!(players.iter().all(|player| join(player) == 0));
}

fn who_waits_gets_the_permit() {
    let (semaphore, taken) = (Semaphore::new(0).unwrap(), Value::new(0_u32).unwrap());
    let wait = || {
        semaphore.acquire();
        taken.fetch_add(1).unwrap();
    };
    let waiters: Vec<Child> = (0..3).map(|_| sleeper(wait)).collect();
    for released in 1..=3 {
        semaphore.release().unwrap();
        until("a permit", || *taken.lock().unwrap() == released);
        let asleep = || waiters.iter().filter(|waiter| is_in_futex(waiter.pid())).count();
        until("sleep", || asleep() == 3 - released as usize);
        assert_eq!((semaphore.value(), *taken.lock().unwrap()), (0, released));
    }
    assert!(waiters.iter().all(|waiter| join(waiter) == 0));
}

/// Threads as well as processes.
fn as_many_inside_as_there_are_permits() {
    let (semaphore, inside) = (Semaphore::new(2).unwrap(), Value::new(0_u32).unwrap());
    let work = || {
        for _ in 0..2_000 {
            assert!(semaphore.acquire_timeout(LONG));
            assert!(inside.fetch_add(1).unwrap() < 2);
            assert!(semaphore.value() < 2);
            thread::yield_now();
            assert!(inside.fetch_add(u32::MAX).unwrap() > 0);
            semaphore.release().unwrap();
        }
    };
    let children: Vec<Child> = (0..3).map(|_| start(work)).collect();
    thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(work))));
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!((semaphore.value(), *inside.lock().unwrap()), (2, 0));
}

fn each_permit_is_taken_once() {
    let semaphore = Semaphore::new(0).unwrap();
    let give = || (0..10_000).for_each(|_| semaphore.release().unwrap());
    let take = || (0..10_000).for_each(|_| assert!(semaphore.acquire_timeout(LONG)));
    let children = [start(give), start(take), start(give), start(take)];
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(semaphore.value(), 0);
}

/// After somebody has slept, too.
fn without_waiters_there_are_no_system_calls() {
    let semaphore = Semaphore::new(0).unwrap();
    let waiter = sleeper(|| semaphore.acquire());
    semaphore.release().unwrap();
    assert_eq!(join(&waiter), 0);
    let counted = start(|| {
        semaphore.release().unwrap(); // the first asks the kernel who this is
        // From here on any system call but exit ends the process.
        // SAFETY: one integer argument.
        let strict = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) };
        for _ in 0..100 {
            semaphore.acquire();
            drop(semaphore.release());
        }
        // SAFETY: ends this process; strict mode allows no exit_group.
        unsafe { libc::syscall(libc::SYS_exit, if strict == 0 { 5 } else { 6 }) };
    });
    assert_eq!(join(&counted), 5);
}

fn a_killed_waiter_has_taken_nothing() {
    for dead in 0..3 {
        let semaphore = Semaphore::new(0).unwrap();
        let wait = || assert!(semaphore.acquire_timeout(LONG));
        let mut waiters: Vec<Child> = (0..3).map(|_| sleeper(wait)).collect();
        kill_and_join(&waiters.remove(dead));
        semaphore.release().unwrap();
        until("a permit", || waiters.iter().any(|waiter| !waiter.is_alive().unwrap()));
        semaphore.release().unwrap();
        assert!(waiters.iter().all(|waiter| join(waiter) == 0));
        assert_eq!(semaphore.value(), 0);
    }
}

fn a_permit_taken_by_the_dead_can_be_given_back() {
    let semaphore = Semaphore::bounded(1).unwrap();
    assert_eq!(join(&start(|| semaphore.acquire())), 0);
    assert!(!semaphore.try_acquire());
    semaphore.release().unwrap();
    assert!(semaphore.try_acquire());
}

/// It may hold up others who wait, but never beyond their deadlines.
fn a_stopped_waiter_does_not_hold_up_release() {
    let semaphore = Semaphore::new(0).unwrap();
    let waiter = sleeper(|| semaphore.acquire());
    stop(&waiter);
    let giver = start(|| (0..2).for_each(|_| semaphore.release().unwrap()));
    assert_eq!(join(&giver), 0);
    assert_eq!(semaphore.value(), 2);
    let other = start(|| assert!(semaphore.acquire_timeout(LONG)));
    assert_eq!(join(&other), 0);
    go_on(&waiter);
    assert_eq!(join(&waiter), 0);
}

fn signal_handlers_do_not_disturb_a_wait() {
    let semaphore = Semaphore::new(0).unwrap();
    let storm = storm_of_signals();
    assert!(!takes(SHORT, || semaphore.acquire_timeout(SHORT)));
    let giver = start(|| {
        thread::sleep(SHORT);
        semaphore.release().unwrap();
    });
    assert!(semaphore.acquire_timeout(LONG));
    drop(storm);
    assert_eq!(join(&giver), 0);
}

/// The dead take with them what they had taken, and nothing else.
fn a_storm_of_kills() {
    let semaphore = Semaphore::bounded(2).unwrap();
    let work = || {
        loop {
            assert!(semaphore.acquire_timeout(LONG), "nobody gives it back");
            semaphore.release().unwrap();
        }
    };
    for _ in 0..150 {
        let mut workers: Vec<Child> = (0..3).map(|_| start(work)).collect();
        thread::sleep(Duration::from_micros(rand::random_range(0..2_000)));
        kill_and_join(&workers.remove(0));
        assert!(semaphore.acquire_timeout(LONG), "one alone cannot take both");
        semaphore.release().unwrap();
        workers.iter().for_each(kill_and_join);
        let lost = 2 - semaphore.value();
        (0..lost).for_each(|_| semaphore.release().unwrap());
        assert!(matches!(semaphore.release(), Err(Error::TooManyReleases { limit: 2 })));
    }
}

fn a_guarded_permit_comes_back_however_its_block_ends() {
    let semaphore = Semaphore::bounded(2).unwrap();
    let permits = [semaphore.permit(), semaphore.permit_timeout(SHORT).unwrap()];
    assert_eq!(semaphore.value(), 0);
    assert!(semaphore.try_permit().is_none());
    assert!(takes(SHORT, || semaphore.permit_timeout(SHORT).is_none()));
    drop(permits);
    assert_eq!(semaphore.value(), 2);
    let ends: [&dyn Fn() -> Result<(), Error>; 3] =
        [&|| Ok(()), &|| Err(Error::Hangup), &|| panic!("as it should")];
    for end in ends {
        let child = start(|| {
            let _permit = semaphore.try_permit().expect("there are two");
            assert_eq!(semaphore.value(), 1);
            end()
        });
        join(&child);
        assert_eq!(semaphore.value(), 2);
    }
    drop((semaphore.try_permit(), semaphore.try_permit()));
    assert_eq!(semaphore.value(), 2);
}

/// Neither the copy in a child nor what its closure takes along gives it back a second time.
fn a_guarded_permit_is_that_of_one_process() {
    let semaphore = Semaphore::new(2).unwrap();
    let permit = semaphore.permit();
    let copy = Value::new(0).unwrap();
    let taken_along = semaphore.permit();
    let child = Process::new(|| {
        drop((taken_along, &permit));
        // SAFETY: the parent's permit is read once, as its destructor would.
        drop(unsafe { std::ptr::read(&permit) });
        copy.set(semaphore.value()).unwrap();
    });
    let child = child.start().unwrap();
    assert_eq!(join(&child), 0);
    assert!(copy.get().unwrap() <= 1, "that of the parent, at most");
    assert_eq!(semaphore.value(), 1, "the closure is dropped in the parent");
    drop(permit);
    assert_eq!(semaphore.value(), 2);
}

fn who_is_killed_with_a_guarded_permit_takes_it_along() {
    let semaphore = Semaphore::new(1).unwrap();
    let child = sleeper(|| {
        let _permit = semaphore.permit();
        semaphore.acquire();
    });
    kill_and_join(&child);
    assert!(semaphore.try_permit().is_none());
    semaphore.release().unwrap();
    assert!(semaphore.try_permit().is_some());
}
