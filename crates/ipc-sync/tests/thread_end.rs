//! Locks in the last moments of a thread, when its thread-locals are dropped: a guard that is leaked
//! there is noticed, or cannot be had.

use std::cell::RefCell;
use std::fs::File;
use std::mem;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use ipc_common::{Condition, Error, Lock, Value};
use testing::processes::{DEADLINE, join, start};
use testing::tests;

tests![
    no_lock_where_a_leak_would_not_be_noticed,
    a_destructor_before_that_may_lock,
    a_guard_leaked_by_a_destructor_ends_the_process,
    a_leaked_guard_of_the_main_thread_ends_with_it,
];

/// Runs a function when its thread's thread-locals are dropped, the newest first.
struct AtEnd(RefCell<Option<Box<dyn FnOnce()>>>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        if let Some(act) = self.0.take() {
            act();
        }
    }
}

thread_local! {
    static AT_END: AtEnd = const { AtEnd(RefCell::new(None)) };
}

/// `act` comes before the library's thread-locals are dropped if this thread has locked before, else
/// after.
fn at_end(act: impl FnOnce() + 'static) {
    AT_END.with(|end| *end.0.borrow_mut() = Some(Box::new(act)));
}

/// Threads that are not scoped use it.
fn forever<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn no_lock_where_a_leak_would_not_be_noticed() {
    static REFUSED: AtomicU32 = AtomicU32::new(0);
    fn is_refused<G>(guard: Result<G, Error>) {
        let is_refused = matches!(guard, Err(Error::ThreadEnding));
        mem::forget(guard); // where it is one, a second thread has the lock as soon as this one ends
        REFUSED.fetch_add(u32::from(is_refused), Relaxed);
    }
    let lock = forever(Lock::new().unwrap());
    let value = forever(Value::new(7_u64).unwrap());
    let condition = forever(Condition::new().unwrap());
    let thread = thread::spawn(|| {
        at_end(|| {
            is_refused(value.lock());
            is_refused(value.lock_timeout(DEADLINE));
            is_refused(value.fetch_add(1));
            is_refused(lock.lock());
            is_refused(lock.try_lock());
            is_refused(condition.lock());
        });
        assert_eq!(*value.lock().unwrap(), 7);
    });
    thread.join().unwrap();
    assert_eq!(REFUSED.load(Relaxed), 6, "a lock was had that nothing watches");
    let guard = value.lock_timeout(DEADLINE).unwrap().expect("it was given back");
    assert!(*guard == 7 && !guard.owner_died());
    assert!(!lock.try_lock().unwrap().unwrap().owner_died());
    assert!(condition.lock_timeout(DEADLINE).unwrap().is_some());
}

fn a_destructor_before_that_may_lock() {
    let value = forever(Value::new(0_u64).unwrap());
    let locks_before = thread::spawn(move || {
        drop(value.lock().unwrap());
        at_end(move || *value.lock().unwrap() += 1);
    });
    locks_before.join().unwrap();
    let locks_there_first = thread::spawn(move || at_end(move || *value.lock().unwrap() += 1));
    locks_there_first.join().unwrap();
    let guard = value.lock().unwrap();
    assert!(*guard == 2 && !guard.owner_died());
}

fn a_guard_leaked_by_a_destructor_ends_the_process() {
    let value = forever(Value::new(0_u64).unwrap());
    for locks_before in [true, false] {
        let child = start(|| {
            nix::unistd::dup2_stderr(File::create("/dev/null").unwrap()).unwrap();
            let thread = thread::spawn(move || {
                if locks_before {
                    drop(value.lock().unwrap());
                }
                at_end(|| mem::forget(value.lock().unwrap()));
            });
            thread.join().unwrap();
        });
        assert_eq!(join(&child), -6, "a leaked guard was not noticed");
        assert!(value.lock_timeout(DEADLINE).unwrap().unwrap().owner_died());
    }
}

fn a_leaked_guard_of_the_main_thread_ends_with_it() {
    let value = forever(Value::new([1_u64; 2]).unwrap());
    let child = start(|| {
        let guard = Box::leak(Box::new(value.lock().unwrap()));
        guard[0] = 2;
    });
    assert_eq!(join(&child), 0);
    let guard = value.lock_timeout(DEADLINE).unwrap().unwrap();
    assert!(*guard == [2, 1] && guard.owner_died());
}
