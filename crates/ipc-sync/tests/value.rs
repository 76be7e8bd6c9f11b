//! Values and arrays: what one process writes the others read, nothing is lost, and a half-done
//! change is said.

use std::num::Wrapping;
use std::ops::Add;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::thread;
use std::time::Duration;

use bytemuck::AnyBitPattern;
use ipc_common::{Array, Barrier, Child, Error, Process, Value};
use testing::processes::{
    DEADLINE, LONG, join, kill_and_join, sleeper, start, storm_of_signals, takes, until,
};
use testing::signpost::Signpost;
use testing::tests;

tests![
    every_type_of_number,
    what_a_child_writes_is_seen,
    structs_and_rows_of_rows,
    rows_keep_their_length,
    no_addition_is_lost,
    one_holder_at_a_time,
    a_timeout_is_not_early_and_not_for_ever,
    locking_twice_is_an_error,
    a_guard_keeps_from_starting,
    a_dead_owner_is_said_once,
    an_index_out_of_range_harms_nobody,
    a_killed_waiter_harms_nobody,
    signal_handlers_do_not_disturb_a_wait,
    a_storm_of_kills,
    a_copy_is_got_and_set_without_a_guard,
    a_copy_leaves_the_news_of_a_death,
    a_zeroed_row_is_zero,
    an_addition_takes_the_news_of_a_death,
];

const SHORT: Duration = Duration::from_millis(60);

/// Keeps its value, takes a child's, and is alone in its memory.
fn keeps<T: AnyBitPattern + PartialEq + std::fmt::Debug>(first: T, second: T) {
    let value = Value::new(first).unwrap();
    let row = Array::new(&[first, first, first]).unwrap();
    let child = start(|| {
        assert_eq!(*value.lock().unwrap(), first);
        *value.lock().unwrap() = second;
        row.lock().unwrap()[1] = second;
    });
    assert_eq!(join(&child), 0);
    assert_eq!(*value.lock().unwrap(), second);
    assert_eq!(*row.lock().unwrap(), [first, second, first]);
}

/// The same, and can be counted with.
fn counts<T>(first: T, last: T, one: T)
where
    T: AnyBitPattern + PartialEq + std::fmt::Debug,
    Wrapping<T>: Add<Output = Wrapping<T>>,
{
    keeps(first, last);
    let value = Value::new(last).unwrap();
    assert_eq!(value.fetch_add(one).unwrap(), last);
    assert_eq!(*value.lock().unwrap(), first, "it wraps around");
}

fn every_type_of_number() {
    counts(u8::MIN, u8::MAX, 1);
    counts(i8::MIN, i8::MAX, 1);
    counts(u16::MIN, u16::MAX, 1);
    counts(i16::MIN, i16::MAX, 1);
    counts(u32::MIN, u32::MAX, 1);
    counts(i32::MIN, i32::MAX, 1);
    counts(u64::MIN, u64::MAX, 1);
    counts(i64::MIN, i64::MAX, 1);
    counts(usize::MIN, usize::MAX, 1);
    counts(isize::MIN, isize::MAX, 1);
    keeps(f32::MIN, f32::INFINITY);
    keeps(0.0, std::f64::consts::PI);
    assert_eq!(Value::new(-5_i16).unwrap().fetch_add(-7).unwrap(), -5);
}

/// As Python's own test does it: each becomes the sum of all up to it.
fn what_a_child_writes_is_seen() {
    let numbers = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831];
    let add_up = |row: &mut [i32]| (1..row.len()).for_each(|i| row[i] += row[i - 1]);
    let row = Array::new(&numbers).unwrap();
    let mut expected = numbers;
    add_up(&mut expected);
    assert_eq!(join(&start(|| add_up(&mut row.lock().unwrap()))), 0);
    assert_eq!(*row.lock().unwrap(), expected);
    row.lock().unwrap()[2..4].fill(-1);
    let child = start(|| assert_eq!(row.lock().unwrap()[1..5], [expected[1], -1, -1, expected[4]]));
    assert_eq!(join(&child), 0);
}

fn structs_and_rows_of_rows() {
    #[derive(Clone, Copy, Debug, PartialEq, AnyBitPattern)]
    #[repr(C)]
    struct Sample {
        sensor: u8,
        value: f64,
        at: [u16; 3],
    }
    let sample = |sensor| Sample { sensor, value: f64::from(sensor) / 3.0, at: [7; 3] };
    keeps(sample(1), sample(255));
    keeps([[1_u8; 3]; 5], [[2; 3]; 5]);
    keeps([1_u8; 33], [2; 33]);
    let value = Value::new(sample(4)).unwrap();
    assert_eq!(join(&start(|| value.lock().unwrap().at[2] = 9)), 0);
    assert_eq!(*value.lock().unwrap(), Sample { at: [7, 7, 9], ..sample(4) });
}

fn rows_keep_their_length() {
    let row = Array::new(&[0_u64; 10_000]).unwrap();
    assert_eq!((row.len(), row.is_empty(), row.lock().unwrap().len()), (10_000, false, 10_000));
    assert_eq!(join(&start(|| row.lock().unwrap().fill(u64::MAX))), 0);
    assert!(row.lock().unwrap().iter().all(|&n| n == u64::MAX));
    let none = Array::<f32>::new(&[]).unwrap();
    assert_eq!((none.len(), none.is_empty(), none.lock().unwrap().len()), (0, true, 0));
}

/// Four processes, and then four threads, that begin together.
fn no_addition_is_lost() {
    let (value, row) = (Value::new(0_u32).unwrap(), Array::new(&[0_u16; 3]).unwrap());
    let begin = Barrier::new(4).unwrap();
    let add = || {
        begin.wait_timeout(LONG).unwrap();
        for n in 0..10_000 {
            value.fetch_add(1).unwrap();
            row.lock().unwrap()[n % 3] += 1;
        }
    };
    let children: Vec<Child> = (0..4).map(|_| start(add)).collect();
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(*value.lock().unwrap(), 40_000);
    assert_eq!(*row.lock().unwrap(), [13_336, 13_332, 13_332]);
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(add))));
    assert_eq!(*value.lock().unwrap(), 80_000);
}

/// Nobody sees a change half-done.
fn one_holder_at_a_time() {
    let row = Array::new(&[0_u32; 300]).unwrap();
    let change = || {
        for _ in 0..3_000 {
            let mut row = row.lock().unwrap();
            let first = row[0];
            assert!(row.iter().all(|&n| n == first));
            row.iter_mut().for_each(|n| *n += 1);
        }
    };
    let children: Vec<Child> = (0..3).map(|_| start(change)).collect();
    thread::scope(|scope| drop(scope.spawn(change)));
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(*row.lock().unwrap(), [12_000; 300]);
}

fn a_timeout_is_not_early_and_not_for_ever() {
    let (value, row) = (Value::new(1).unwrap(), Array::new(&[1]).unwrap());
    let (held, end) = (Signpost::new(), Signpost::new());
    let holder = start(|| {
        let _guards = (value.lock().unwrap(), row.lock().unwrap());
        held.set();
        end.wait();
    });
    held.wait();
    for timeout in [Duration::ZERO, Duration::from_millis(1), SHORT] {
        assert!(takes(timeout, || value.lock_timeout(timeout)).unwrap().is_none());
        assert!(takes(timeout, || row.lock_timeout(timeout)).unwrap().is_none());
    }
    end.set();
    assert_eq!(*value.lock_timeout(Duration::MAX).unwrap().unwrap(), 1);
    assert_eq!(*row.lock_timeout(DEADLINE).unwrap().unwrap(), [1]);
    assert_eq!(join(&holder), 0);
}

fn locking_twice_is_an_error() {
    let value = Value::new(1).unwrap();
    let guard = value.lock().unwrap();
    assert!(matches!(value.lock(), Err(Error::AlreadyLocked)));
    assert!(matches!(value.fetch_add(1), Err(Error::AlreadyLocked)));
    assert_eq!(*guard, 1);
}

fn a_guard_keeps_from_starting() {
    let (value, row) = (Value::new(1).unwrap(), Array::new(&[1]).unwrap());
    let first = value.lock().unwrap();
    let second = row.lock().unwrap();
    assert!(matches!(Process::new(|| ()).start(), Err(Error::GuardHeld { guards: 2, .. })));
    drop(first);
    assert!(matches!(Process::new(|| ()).start(), Err(Error::GuardHeld { guards: 1, .. })));
    drop(second);
    assert_eq!(join(&start(|| ())), 0);
}

fn a_dead_owner_is_said_once() {
    let (value, row) = (Value::new([1_u64; 2]).unwrap(), Array::new(&[1, 1]).unwrap());
    assert!(!value.lock().unwrap().owner_died());
    let dies = start(|| {
        let (mut value, mut row) = (value.lock().unwrap(), row.lock().unwrap());
        value[0] = 2;
        row[0] = 2;
        process::abort()
    });
    assert_eq!(join(&dies), -6);
    let guard = value.lock_timeout(DEADLINE).unwrap().unwrap();
    assert!(guard.owner_died());
    assert_eq!(*guard, [2, 1], "half-changed, as it was left");
    drop(guard);
    let guard = row.lock().unwrap();
    assert!(guard.owner_died());
    assert_eq!(*guard, [2, 1]);
    drop(guard);
    assert!(!value.lock().unwrap().owner_died() && !row.lock().unwrap().owner_died());
}

/// A whole number is never half-changed.
fn an_addition_takes_the_news_of_a_death() {
    let value = Value::new(1_u64).unwrap();
    let dies = start(|| {
        let mut held = value.lock().unwrap();
        *held = 2;
        process::abort()
    });
    assert_eq!(join(&dies), -6);
    assert_eq!(value.fetch_add(u64::MAX).unwrap(), 2, "and it wraps around");
    assert!(!value.lock().unwrap().owner_died());
    assert_eq!(value.get().unwrap(), 1);
    let guard = value.lock().unwrap();
    assert!(matches!(value.fetch_add(1), Err(Error::AlreadyLocked)));
    drop(guard);
}

fn an_index_out_of_range_harms_nobody() {
    let row = Array::new(&[1, 2, 3]).unwrap();
    let child = start(|| {
        let panics = AssertUnwindSafe(|| row.lock().unwrap()[row.len()] = 4);
        std::panic::set_hook(Box::new(|_| {}));
        assert!(catch_unwind(panics).is_err());
        row.lock().unwrap()[2] = 5; // the guard was dropped on the way
        let _silent = row.lock().unwrap()[3];
    });
    assert_eq!(join(&child), 1);
    let guard = row.lock_timeout(DEADLINE).unwrap().unwrap();
    assert!(!guard.owner_died());
    assert_eq!(*guard, [1, 2, 5]);
}

fn a_killed_waiter_harms_nobody() {
    let value = Value::new(0).unwrap();
    let (held, end) = (Signpost::new(), Signpost::new());
    let holder = start(|| {
        let _guard = value.lock().unwrap();
        held.set();
        end.wait();
    });
    held.wait();
    let waiters = [(); 2].map(|()| sleeper(|| value.fetch_add(1).map(drop)));
    kill_and_join(&waiters[0]);
    end.set();
    assert_eq!((join(&holder), join(&waiters[1])), (0, 0));
    let guard = value.lock().unwrap();
    assert!(*guard == 1 && !guard.owner_died());
}

fn signal_handlers_do_not_disturb_a_wait() {
    let value = Value::new(0_u64).unwrap();
    let storm = storm_of_signals();
    let add = || (0..50_000).for_each(|_| assert!(value.fetch_add(1).unwrap() < 100_000));
    let adder = start(add);
    add();
    drop(storm);
    assert_eq!(join(&adder), 0);
    assert_eq!(*value.lock().unwrap(), 100_000);
}

/// Whoever is killed: one who finds a half-done change was told so.
fn a_storm_of_kills() {
    let (row, done) = (Array::new(&[0_u32; 100]).unwrap(), Value::new(0_u64).unwrap());
    let work = || {
        loop {
            let mut row = row.lock_timeout(DEADLINE).unwrap().expect("it is not lost");
            let first = row[0];
            let is_whole = row.iter().all(|&n| n == first);
            assert!(is_whole || row.owner_died(), "nobody said so");
            row.fill(first.wrapping_add(1));
            done.fetch_add(1).unwrap();
        }
    };
    for _ in 0..150 {
        let workers: Vec<Child> = (0..3).map(|_| start(work)).collect();
        thread::sleep(Duration::from_micros(rand::random_range(0..2_000)));
        kill_and_join(&workers[0]);
        let before = *done.lock().unwrap();
        until("the others", || *done.lock().unwrap() > before + 5);
        workers[1..].iter().for_each(kill_and_join);
    }
}

fn a_copy_is_got_and_set_without_a_guard() {
    let value = Value::new(1_u64).unwrap();
    value.set(value.get().unwrap() + 1).unwrap();
    assert_eq!(join(&start(|| value.set(value.get().unwrap() * 21).unwrap())), 0);
    assert_eq!(value.get().unwrap(), 42);

    let held = value.lock().unwrap();
    assert!(matches!(value.get(), Err(Error::AlreadyLocked)));
    assert!(matches!(value.set(1), Err(Error::AlreadyLocked)));
    drop(held);

    // What Python's `value.value = value.value + 1` looks like has two guards.
    let two = || -> ipc_common::Result<()> {
        *value.lock()? = *value.lock()? + 1;
        Ok(())
    };
    let error = two().unwrap_err();
    assert!(error.to_string().ends_with("(a guard lives until the end of its statement)"));
    assert_eq!(value.get().unwrap(), 42);
}

fn a_copy_leaves_the_news_of_a_death() {
    let value = Value::new([1_u64; 4]).unwrap();
    let dies = || {
        let child = start(|| {
            value.lock().unwrap()[0] = 2;
            let mut held = value.lock().unwrap();
            held[1] = 2;
            process::abort();
        });
        child.join().unwrap();
    };
    dies();
    for _ in 0..2 {
        assert_eq!(value.get().unwrap(), [2, 2, 1, 1]);
    }
    assert_eq!(join(&start(|| assert_eq!(value.get().unwrap()[1], 2))), 0);
    assert!(value.lock().unwrap().owner_died());
    assert!(!value.lock().unwrap().owner_died());
    dies();
    value.set([0; 4]).unwrap();
    assert!(!value.lock().unwrap().owner_died(), "it is whole again");

    // One that is killed while it gets has changed nothing.
    let gets = start(|| {
        loop {
            value.get().unwrap();
        }
    });
    thread::sleep(SHORT);
    kill_and_join(&gets);
    assert_eq!(value.get().unwrap(), [0; 4]);
}

fn a_zeroed_row_is_zero() {
    let row = Array::<u64>::zeroed(100_000).unwrap();
    assert_eq!(row.len(), 100_000);
    assert!(row.lock().unwrap().iter().all(|&n| n == 0));
    assert_eq!(join(&start(|| row.lock().unwrap()[99_999] = 1)), 0);
    assert_eq!(row.lock().unwrap().iter().sum::<u64>(), 1);
    assert!(Array::<u8>::zeroed(0).unwrap().is_empty());
    assert!(matches!(Array::<u64>::zeroed(usize::MAX), Err(Error::System { .. })));
}
