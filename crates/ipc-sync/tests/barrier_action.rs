//! Barriers with an action: it runs once, before anyone goes on, and however it ends nobody is left
//! waiting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use ipc_common::{Barrier, Child, Error, Event, Value};
use testing::processes::{
    LONG, go_on, is_in_futex, join, kill_and_join, sleeper, start, stop, takes, until,
};
use testing::tests;

use crate::barrier::{SHORT, disappointed, is_broken};

tests![
    it_runs_once_before_anyone_goes_on,
    who_has_none_runs_none,
    a_failing_one_breaks_it_for_all,
    a_panicking_one_breaks_it_for_all,
    a_killed_one_breaks_it_for_all_at_once,
    a_killed_waiter_does_not_matter,
    it_takes_longer_than_the_others_would_wait,
    it_cannot_use_its_barrier,
    a_reset_waits_for_it,
    one_party_is_alone_with_it,
    a_storm_of_kills,
];

fn passes(barrier: &Barrier) -> Child {
    sleeper(|| assert!(!barrier.wait_timeout(LONG).unwrap()))
}

/// After a reset three pass.
fn is_usable(barrier: &Barrier) {
    barrier.reset().unwrap();
    let others = [passes(barrier), passes(barrier)];
    assert!(barrier.wait_with_timeout(|| Ok(()), LONG).unwrap(), "the last leads");
    assert!(others.iter().all(|other| join(other) == 0));
}

/// One that comes last, and whose action never ends by itself.
fn acts_for_ever(barrier: &Barrier, acts: &Event) -> Child {
    let child = start(|| {
        let for_ever = || {
            acts.set();
            thread::sleep(Duration::MAX);
            Ok(())
        };
        drop(barrier.wait_with(for_ever));
    });
    assert!(acts.wait_timeout(LONG));
    child
}

fn it_runs_once_before_anyone_goes_on() {
    const ROUNDS: u32 = 1_000;
    let (barrier, actions) = (Barrier::new(4).unwrap(), Value::new(0).unwrap());
    let party = || {
        let act = || actions.fetch_add(1).map(drop);
        for round in 1..=ROUNDS {
            barrier.wait_with_timeout(act, LONG).unwrap();
            assert_eq!(actions.get().unwrap(), round);
            barrier.wait_timeout(LONG).unwrap();
        }
    };
    let parties: Vec<Child> = (0..4).map(|_| start(party)).collect();
    assert!(parties.iter().all(|party| join(party) == 0));
    assert_eq!(actions.get().unwrap(), ROUNDS);
}

fn who_has_none_runs_none() {
    let barrier = Barrier::new(2).unwrap();
    let other = sleeper(|| assert!(!barrier.wait_with(|| panic!("it is not the last")).unwrap()));
    assert!(barrier.wait().unwrap());
    assert_eq!(join(&other), 0);
}

fn a_failing_one_breaks_it_for_all() {
    let barrier = Barrier::new(3).unwrap();
    let others = [disappointed(&barrier), disappointed(&barrier)];
    let own = barrier.wait_with(|| Err(Error::Hangup));
    assert!(matches!(own, Err(Error::Hangup)));
    assert!(others.iter().all(|other| join(other) == 0));
    assert!(barrier.is_broken() && is_broken(barrier.wait()));
    is_usable(&barrier);
}

fn a_panicking_one_breaks_it_for_all() {
    let barrier = Barrier::new(3).unwrap();
    let others = [disappointed(&barrier), disappointed(&barrier)];
    let panics = || barrier.wait_with(|| panic!("as it should"));
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert!(others.iter().all(|other| join(other) == 0));
    assert!(barrier.is_broken());
    is_usable(&barrier);
}

/// Without another who comes and looks.
fn a_killed_one_breaks_it_for_all_at_once() {
    let (barrier, acts) = (Barrier::new(3).unwrap(), Event::new().unwrap());
    let others = [disappointed(&barrier), disappointed(&barrier)];
    kill_and_join(&acts_for_ever(&barrier, &acts));
    assert!(others.iter().all(|other| join(other) == 0));
    assert!(barrier.is_broken());
    is_usable(&barrier);
}

fn a_killed_waiter_does_not_matter() {
    let (barrier, acts, ends) =
        (Barrier::new(3).unwrap(), Event::new().unwrap(), Event::new().unwrap());
    let [killed, passes] = [passes(&barrier), passes(&barrier)];
    let act = || {
        acts.set();
        ends.wait();
        Ok(())
    };
    let last = start(|| assert!(barrier.wait_with(act).unwrap()));
    assert!(acts.wait_timeout(LONG));
    kill_and_join(&killed);
    ends.set();
    assert_eq!((join(&last), join(&passes)), (0, 0));
    is_usable(&barrier);
}

fn it_takes_longer_than_the_others_would_wait() {
    let barrier = Barrier::new(2).unwrap();
    let comes = Event::new().unwrap();
    let other = start(|| {
        comes.set();
        // (Passes too, should the last one come too late on a slow machine: then both are broken.)
        is_broken(barrier.wait_timeout(SHORT));
    });
    assert!(comes.wait_timeout(LONG));
    let act = || {
        until("the other waits for the lock", || is_in_futex(other.pid()));
        thread::sleep(2 * SHORT);
        assert!(other.is_alive()?, "it waits on");
        Ok(())
    };
    let _ = is_broken(barrier.wait_with(act));
    assert_eq!(join(&other), 0);
}

fn it_cannot_use_its_barrier() {
    let barrier = Barrier::new(2).unwrap();
    let other = disappointed(&barrier);
    let own = barrier.wait_with(|| barrier.wait().map(drop));
    assert!(matches!(own, Err(Error::Interrupted)));
    assert_eq!(join(&other), 0);
}

fn a_reset_waits_for_it() {
    let (barrier, acts) = (Barrier::new(2).unwrap(), Event::new().unwrap());
    let other = disappointed(&barrier);
    let last = acts_for_ever(&barrier, &acts);
    stop(&last);
    let reset = sleeper(|| barrier.reset().unwrap());
    go_on(&last);
    assert!(reset.is_alive().unwrap());
    kill_and_join(&last);
    assert_eq!((join(&reset), join(&other)), (0, 0));
    assert!(!barrier.is_broken(), "the reset came after the break");
}

fn one_party_is_alone_with_it() {
    let (barrier, actions) = (Barrier::new(1).unwrap(), Value::new(0).unwrap());
    for round in 0..3 {
        assert!(barrier.wait_with(|| actions.set(actions.get()? + 1)).unwrap());
        assert_eq!(takes(Duration::ZERO, || actions.get().unwrap()), round + 1);
    }
}

/// Parties are killed at any time: the others agree on each round, and a reset makes it as new.
fn a_storm_of_kills() {
    let (barrier, actions) = (Barrier::new(3).unwrap(), Value::new(0_u64).unwrap());
    for _ in 0..100 {
        let party = || while !is_broken(barrier.wait_with(|| actions.fetch_add(1).map(drop))) {};
        let mut parties: Vec<Child> = (0..3).map(|_| start(party)).collect();
        thread::sleep(Duration::from_micros(rand::random_range(0..2_000)));
        kill_and_join(&parties.remove(0));
        barrier.abort().unwrap();
        assert!(parties.iter().all(|party| join(party) == 0));
        is_usable(&barrier);
    }
}
