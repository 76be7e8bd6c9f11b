use std::panic::catch_unwind;

use loom::cell::UnsafeCell;
use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU32;
use loom::sync::atomic::Ordering::Relaxed;
use loom::thread;

use super::event::Event;
use super::event_count::{Cursor, EventCount};
use super::{Fault, Faults};
use crate::walk::depth;

fn all_interleavings(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(3 + depth());
    builder.check(model);
}

/// loom panics where it finds a data race or a deadlock, or where an assertion fails.
fn finds(scene: fn(Faults), fault: Fault) {
    scene(Faults(None));
    assert!(catch_unwind(|| scene(Faults(Some(fault)))).is_err(), "not found: {fault:?}");
}

/// A place for one item, which two items go through: written when it is free, read when it is full.
fn one_place(faults: Faults) {
    all_interleavings(move || {
        let ring = Arc::new((EventCount::new(faults), EventCount::new(faults), UnsafeCell::new(0)));
        let producers_ring = ring.clone();
        let producer = thread::spawn(move || {
            let (put, taken, place) = &*producers_ring;
            for count in 0..2 {
                if count > 0 {
                    taken.wait_while(count - 1);
                }
                place.with_mut(|place| write(place, count));
                put.add_one();
            }
        });
        let (put, taken, place) = &*ring;
        for count in 0..2 {
            put.wait_while(count);
            assert_eq!(place.with(read), count);
            taken.add_one();
        }
        producer.join().expect("the producer ends");
    });
}

/// A count is changed by the kernel because one thread sleeps, and seen by another that does not.
fn passer_by(faults: Faults) {
    all_interleavings(move || {
        let shared = Arc::new((EventCount::new(faults), UnsafeCell::new(0)));
        let (sleepers, passers) = (shared.clone(), shared.clone());
        let sleeper = thread::spawn(move || sleepers.0.wait_while(0));
        let passer = thread::spawn(move || {
            if passers.0.count() == 1 {
                assert_eq!(passers.1.with(read), 1);
            }
        });
        shared.1.with_mut(|place| write(place, 1));
        shared.0.add_one();
        sleeper.join().expect("the sleeper ends");
        passer.join().expect("the other ends");
    });
}

/// A consumer goes on twice while a producer refreshes what it has seen of the cursor.
fn cursor(faults: Faults) {
    all_interleavings(move || {
        let cursor = Arc::new(Cursor::new(faults));
        let consumers_cursor = cursor.clone();
        let consumer = thread::spawn(move || (1..=3).for_each(|n| consumers_cursor.commit(n)));
        let (count, seen) = cursor.refresh();
        assert_eq!(seen, [count; 2]);
        consumer.join().expect("the consumer ends");
    });
}

/// One side says that there is something to do; the other clears that, looks, and waits.
fn flag(faults: Faults) {
    all_interleavings(move || {
        let shared = Arc::new((Event::new_set(faults), AtomicU32::new(0)));
        let setters = shared.clone();
        let setter = thread::spawn(move || {
            let (event, data) = &*setters;
            data.store(1, Relaxed);
            event.set();
        });
        let (event, data) = &*shared;
        event.clear();
        if data.load(Relaxed) == 0 {
            event.wait();
        }
        setter.join().expect("the setter ends");
    });
}

#[allow(unsafe_code, reason = "loom tells of accesses at the same time")]
fn write(place: *mut u32, item: u32) {
    // SAFETY: loom's cell says that no other access goes on.
    unsafe { *place = item };
}

#[allow(unsafe_code, reason = "loom tells of accesses at the same time")]
fn read(place: *const u32) -> u32 {
    // SAFETY: as in `write`.
    unsafe { *place }
}

#[test]
fn add_one_is_relaxed() {
    finds(one_place, Fault::RelaxedAdd);
}

#[test]
fn count_is_relaxed() {
    finds(one_place, Fault::RelaxedCount);
}

#[test]
fn the_kernel_is_called_without_a_fence() {
    finds(passer_by, Fault::NoFenceBeforeWake);
}

#[test]
fn a_commit_is_without_a_fence() {
    finds(cursor, Fault::NoFenceInCommit);
}

#[test]
fn a_refresh_is_without_a_fence() {
    finds(cursor, Fault::NoFenceInRefresh);
}

#[test]
fn set_is_without_a_fence() {
    finds(flag, Fault::NoFenceInSet);
}

#[test]
fn clear_is_without_a_fence() {
    finds(flag, Fault::NoFenceInClear);
}
