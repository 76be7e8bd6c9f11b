//! Locks: one holder at a time, and none that takes the lock to the grave.

use std::mem;
use std::process;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Error, Lock};
use nix::unistd::{ForkResult, fork};
use testing::memory::Shared;
use testing::processes::{DEADLINE, is_in_futex, join, start, storm_of_signals, until};
use testing::signpost::Signpost;
use testing::tests;

tests![
    one_holder_at_a_time_among_processes,
    one_holder_at_a_time_among_threads,
    a_timeout_is_not_early_and_not_for_ever,
    locking_twice_is_an_error,
    a_killed_holder_is_known_to_the_next_alone,
    every_end_of_a_holder_frees_the_lock,
    a_killed_waiter_harms_nobody,
    signal_handlers_do_not_disturb_a_wait,
    a_copied_guard_unlocks_nothing,
    a_forked_child_holds_none_of_its_parents_locks,
    a_main_thread_may_leak_a_guard,
    a_leaked_guard_is_no_dangling_one,
    a_thousand_locks_at_a_time,
    locks_are_released_in_any_order,
    a_lock_calms_down,
    a_lock_operation_in_the_middle_of_another_is_refused,
    locks_and_robust_pthread_mutexes_mix,
    a_storm_of_kills,
];

/// Adds one in two steps, so that two who do it at once lose something.
fn add_one(counter: &AtomicU64) {
    let value = counter.load(Relaxed);
    std::hint::spin_loop();
    counter.store(value + 1, Relaxed);
}

fn one_holder_at_a_time_among_processes() {
    let (lock, counter) = (Lock::new().unwrap(), Shared::<AtomicU64>::new());
    let children: Vec<Child> = (0..4)
        .map(|_| {
            start(|| {
                for _ in 0..20_000 {
                    let _guard = lock.lock().unwrap();
                    add_one(&counter);
                }
            })
        })
        .collect();
    assert!(children.iter().all(|child| join(child) == 0));
    assert_eq!(counter.load(Relaxed), 80_000);
}

fn one_holder_at_a_time_among_threads() {
    let (lock, counter) = (Lock::new().unwrap(), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    let _guard = lock.lock().unwrap();
                    add_one(&counter);
                }
            });
        }
    });
    assert_eq!(counter.load(Relaxed), 80_000);
}

/// A process that has the lock until `end` is set.
fn holder(lock: &Lock, end: &Signpost) -> Child {
    let held = Signpost::new();
    let child = start(|| {
        let _guard = lock.lock().unwrap();
        held.set();
        end.wait();
    });
    held.wait();
    child
}

fn a_timeout_is_not_early_and_not_for_ever() {
    let (lock, end) = (Lock::new().unwrap(), Signpost::new());
    assert!(lock.try_lock().unwrap().is_some());
    let child = holder(&lock, &end);
    assert!(lock.try_lock().unwrap().is_none());
    assert!(lock.lock_timeout(Duration::ZERO).unwrap().is_none());
    for milliseconds in [1, 30, 100] {
        let (begin, timeout) = (Instant::now(), Duration::from_millis(milliseconds));
        assert!(lock.lock_timeout(timeout).unwrap().is_none());
        assert!(begin.elapsed() >= timeout);
    }
    end.set();
    let guard = lock.lock_timeout(Duration::MAX).unwrap().unwrap();
    assert!(!guard.owner_died());
    assert_eq!(join(&child), 0);
}

fn locking_twice_is_an_error() {
    let lock = Lock::new().unwrap();
    let guard = lock.lock().unwrap();
    for error in [
        lock.lock().map(drop).unwrap_err(),
        lock.try_lock().map(drop).unwrap_err(),
        lock.lock_timeout(DEADLINE).map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, Error::AlreadyLocked), "{error}");
    }
    // It is the thread that holds it, not the process.
    thread::scope(|scope| {
        scope.spawn(|| assert!(lock.try_lock().unwrap().is_none()));
    });
    drop(guard);
    assert!(lock.try_lock().unwrap().is_some());
}

fn a_killed_holder_is_known_to_the_next_alone() {
    let (lock, never) = (Lock::new().unwrap(), Signpost::new());
    let child = holder(&lock, &never);
    child.kill().unwrap();
    assert!(lock.lock_timeout(DEADLINE).unwrap().expect("the lock is free").owner_died());
    assert!(!lock.lock().unwrap().owner_died());
    join(&child);
}

fn every_end_of_a_holder_frees_the_lock() {
    let lock = Lock::new().unwrap();
    let free = |died| {
        let guard = lock.lock_timeout(DEADLINE).unwrap().expect("the lock is free");
        assert_eq!(guard.owner_died(), died);
    };
    let exits = start(|| {
        let _guard = lock.lock().unwrap();
        process::exit(0)
    });
    join(&exits);
    free(true);
    let panics = start(|| {
        let _guard = lock.lock().unwrap();
        nix::unistd::dup2_stderr(std::fs::File::create("/dev/null").unwrap()).unwrap();
        panic!("unwinding gives the lock back")
    });
    join(&panics);
    free(false);
    let replaced = start(|| {
        let _guard = lock.lock().unwrap();
        nix::unistd::execv(c"/bin/true", &[c"true"]).unwrap();
    });
    join(&replaced);
    free(true);
    let leaks = start(|| {
        nix::unistd::dup2_stderr(std::fs::File::create("/dev/null").unwrap()).unwrap();
        thread::scope(|scope| scope.spawn(|| mem::forget(lock.lock().unwrap())).join()).unwrap();
    });
    assert_eq!(join(&leaks), -6, "a thread that leaks a guard takes its process with it");
    free(true);
}

fn a_killed_waiter_harms_nobody() {
    let (lock, end) = (Lock::new().unwrap(), Signpost::new());
    let child = holder(&lock, &end);
    let waiters: Vec<Child> = (0..3).map(|_| start(|| drop(lock.lock().unwrap()))).collect();
    until("sleep", || waiters.iter().all(|waiter| is_in_futex(waiter.pid())));
    waiters[0].kill().unwrap();
    waiters[1].kill().unwrap();
    assert_eq!((join(&waiters[0]), join(&waiters[1])), (-9, -9));
    end.set();
    assert_eq!(join(&waiters[2]), 0);
    assert!(!lock.lock().unwrap().owner_died());
    join(&child);
}

fn signal_handlers_do_not_disturb_a_wait() {
    let (lock, end) = (Lock::new().unwrap(), Signpost::new());
    let child = holder(&lock, &end);
    let _storm = storm_of_signals();
    let (begin, timeout) = (Instant::now(), Duration::from_millis(100));
    assert!(lock.lock_timeout(timeout).unwrap().is_none());
    assert!(begin.elapsed() >= timeout);
    end.set();
    for _ in 0..100_000 {
        assert!(!lock.lock().unwrap().owner_died());
    }
    join(&child);
}

fn a_copied_guard_unlocks_nothing() {
    let lock = Lock::new().unwrap();
    let guard = lock.lock().unwrap();
    // Process::start would refuse; a bare fork does not know of guards.
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let free_before = lock.try_lock().unwrap().is_some();
            drop(guard);
            let free_after = lock.try_lock().unwrap().is_some();
            // SAFETY: ends this process at once.
            unsafe { libc::_exit((free_before || free_after).into()) }
        }
        ForkResult::Parent { child } => {
            let status = nix::sys::wait::waitpid(child, None).unwrap();
            assert_eq!(status, nix::sys::wait::WaitStatus::Exited(child, 0));
        }
    }
    assert!(matches!(lock.lock(), Err(Error::AlreadyLocked)));
    drop(guard);
    assert_eq!(join(&start(|| assert!(!lock.try_lock().unwrap().unwrap().owner_died()))), 0);
}

/// It may lock as many as any other process.
fn a_forked_child_holds_none_of_its_parents_locks() {
    let locks: Vec<Lock> = (0..1025).map(|_| Lock::new().unwrap()).collect();
    let _guards: Vec<_> = locks[..1024].iter().map(|lock| lock.lock().unwrap()).collect();
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            let is_locked = locks[1024].lock().is_ok();
            // SAFETY: ends this process at once.
            unsafe { libc::_exit(if is_locked { 0 } else { 1 }) }
        }
        ForkResult::Parent { child } => {
            let status = nix::sys::wait::waitpid(child, None).unwrap();
            assert_eq!(status, nix::sys::wait::WaitStatus::Exited(child, 0));
        }
    }
}

/// The process ends, and with it all that could have the lock at the same time.
fn a_main_thread_may_leak_a_guard() {
    let lock = Lock::new().unwrap();
    let child = start(|| {
        mem::forget(lock.lock().unwrap());
        process::exit(3) // the destructors of thread-locals run
    });
    assert_eq!(join(&child), 3);
    assert!(lock.try_lock().unwrap().unwrap().owner_died());
}

fn a_leaked_guard_is_no_dangling_one() {
    let child = start(|| {
        let others: Vec<Lock> = (0..3).map(|_| Lock::new().unwrap()).collect();
        let leaked = Lock::new().unwrap();
        let _before = others[0].lock().unwrap();
        mem::forget(leaked.lock().unwrap());
        drop(leaked);
        let _after = others[1].lock().unwrap();
        drop(others[2].lock().unwrap());
    });
    assert_eq!(join(&child), 0);
}

fn a_thousand_locks_at_a_time() {
    let locks: Vec<Lock> = (0..1025).map(|_| Lock::new().unwrap()).collect();
    let child = start(|| {
        let mut guards: Vec<_> = locks[..1024].iter().map(|lock| lock.lock().unwrap()).collect();
        assert!(matches!(locks[1024].lock(), Err(Error::TooManyLocks { held: 1024 })));
        drop(guards.swap_remove(500));
        let _one_more = locks[1024].lock().unwrap();
        guards.truncate(1000);
        process::abort()
    });
    assert_eq!(join(&child), -6);
    let died = |lock: &Lock| lock.try_lock().unwrap().expect("it is free").owner_died();
    assert_eq!(locks.iter().filter(|lock| died(lock)).count(), 1001);
}

/// The list of held locks has links both ways: they must be right after any order of releases.
fn locks_are_released_in_any_order() {
    let locks: Vec<Lock> = (0..4).map(|_| Lock::new().unwrap()).collect();
    for order in 0..24 {
        let child = start(|| {
            let mut guards: Vec<_> = locks.iter().map(|lock| Some(lock.lock().unwrap())).collect();
            let mut places: Vec<usize> = (0..4).collect();
            let mut code = order;
            for left in (2..=4).rev() {
                let place = places.remove(code % left);
                code /= left;
                guards[place] = None;
            }
            let again = locks.iter().filter(|lock| lock.try_lock().is_ok()).count();
            assert_eq!(again, 3);
            process::abort() // with the one that is left
        });
        assert_eq!(join(&child), -6);
        let died = |lock: &&Lock| lock.try_lock().unwrap().expect("it is free").owner_died();
        assert_eq!(locks.iter().filter(died).count(), 1);
    }
}

/// After a time when many waited, a lock that nobody waits for is cheap again: no system calls.
fn a_lock_calms_down() {
    let (lock, end) = (Lock::new().unwrap(), Signpost::new());
    let holder = holder(&lock, &end);
    let waiters: Vec<Child> = (0..3).map(|_| start(|| drop(lock.lock().unwrap()))).collect();
    until("sleep", || waiters.iter().all(|waiter| is_in_futex(waiter.pid())));
    end.set();
    assert!(waiters.iter().chain([&holder]).all(|child| join(child) == 0));
    drop(lock.lock().unwrap());
    let counted = start(|| {
        drop(Lock::new().unwrap().lock().unwrap()); // the first asks the kernel who this is
        // From here on any system call but exit ends the process.
        // SAFETY: one integer argument.
        let strict = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) };
        for _ in 0..100 {
            drop(lock.lock());
        }
        // SAFETY: ends this process; strict mode allows no exit_group.
        unsafe { libc::syscall(libc::SYS_exit, if strict == 0 { 5 } else { 6 }) };
    });
    assert_eq!(join(&counted), 5);
}

fn a_lock_operation_in_the_middle_of_another_is_refused() {
    // What a signal handler finds that interrupts one: the kernel's note of the lock in question.
    let mut list: *mut [usize; 3] = std::ptr::null_mut();
    let mut size = 0_usize;
    // SAFETY: the kernel writes a pointer and a size.
    unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut list, &raw mut size) };
    let lock = Lock::new().unwrap();
    let entry = [0_usize; 8];
    // SAFETY: the list belongs to this thread; the note leads to a word that is nobody's lock.
    unsafe { (*list)[2] = (&raw const entry[4]).addr() };
    let error = lock.lock().map(drop).unwrap_err();
    // SAFETY: as above.
    unsafe { (*list)[2] = 0 };
    assert!(matches!(error, Error::Interrupted), "{error}");
    assert!(lock.try_lock().unwrap().is_some());
}

fn locks_and_robust_pthread_mutexes_mix() {
    let mutexes: [Shared<libc::pthread_mutex_t>; 2] = [Shared::new(), Shared::new()];
    let [first, second] = mutexes.each_ref().map(Shared::as_ptr);
    for mutex in [first, second] {
        // SAFETY: the attributes are initialised before use, the mutex lives in shared memory.
        unsafe {
            let mut attributes = mem::zeroed();
            assert_eq!(libc::pthread_mutexattr_init(&mut attributes), 0);
            assert_eq!(libc::pthread_mutexattr_setpshared(&mut attributes, 1), 0);
            assert_eq!(libc::pthread_mutexattr_setrobust(&mut attributes, 1), 0);
            // Of the kind that is marked in the list.
            let inherit = libc::PTHREAD_PRIO_INHERIT;
            assert_eq!(libc::pthread_mutexattr_setprotocol(&mut attributes, inherit), 0);
            assert_eq!(libc::pthread_mutex_init(mutex, &attributes), 0);
        }
    }
    // SAFETY: the mutexes are initialised and locked and unlocked by the thread that has them.
    let lock_mutex = |mutex| unsafe { libc::pthread_mutex_lock(mutex) };
    // SAFETY: as above.
    let unlock_mutex = |mutex| unsafe { libc::pthread_mutex_unlock(mutex) };
    let locks = [Lock::new().unwrap(), Lock::new().unwrap()];

    let child = start(|| {
        // In turn, so that each is a neighbour of the other kind; released from the middle.
        let lock_0 = locks[0].lock().unwrap();
        assert_eq!(lock_mutex(first), 0);
        let lock_1 = locks[1].lock().unwrap();
        assert_eq!(lock_mutex(second), 0);
        assert_eq!(unlock_mutex(first), 0);
        drop(lock_0);
        assert_eq!(lock_mutex(first), 0);
        drop(lock_1);
        let _lock_0 = locks[0].lock().unwrap();
        process::abort()
    });
    assert_eq!(join(&child), -6);
    assert!(locks[0].try_lock().unwrap().unwrap().owner_died());
    assert!(!locks[1].try_lock().unwrap().unwrap().owner_died());
    assert_eq!(lock_mutex(first), libc::EOWNERDEAD);
    assert_eq!(lock_mutex(second), libc::EOWNERDEAD);
    for mutex in [first, second] {
        // SAFETY: this thread holds it.
        assert_eq!(unsafe { libc::pthread_mutex_consistent(mutex) }, 0);
        assert_eq!(unlock_mutex(mutex), 0);
    }
}

/// Processes take the lock and are killed at random moments. Never have two of them the lock, and
/// whoever is left gets it.
fn a_storm_of_kills() {
    let seconds = std::env::var("STORM_SECONDS").map_or(1, |seconds| seconds.parse().unwrap());
    let (lock, owner) = (Lock::new().unwrap(), Shared::<AtomicU32>::new());
    let taken = Shared::<AtomicU64>::new();
    let work = || {
        let me = process::id();
        loop {
            let guard = lock.lock_timeout(DEADLINE).unwrap().expect("the lock is not lost");
            let before = owner.swap(me, Relaxed);
            assert!(before == 0 || guard.owner_died(), "{before} had the lock at the same time");
            taken.fetch_add(1, Relaxed);
            assert_eq!(owner.swap(0, Relaxed), me);
        }
    };
    let mut workers: Vec<Child> = (0..6).map(|_| start(work)).collect();
    let (begin, mut kills) = (Instant::now(), 0);
    while begin.elapsed() < Duration::from_secs(seconds) {
        thread::sleep(Duration::from_micros(rand::random_range(0..500)));
        let worker = &mut workers[rand::random_range(0..6)];
        worker.kill().unwrap();
        assert_eq!(join(worker), -9, "a worker found something wrong");
        *worker = start(work);
        kills += 1;
    }
    let before = taken.load(Relaxed);
    until("the lock", || taken.load(Relaxed) > before + 1000);
    for worker in &workers {
        worker.kill().unwrap();
        assert_eq!(join(worker), -9, "a worker found something wrong");
    }
    assert!(lock.lock_timeout(DEADLINE).unwrap().is_some(), "it is free when all are dead");
    println!("{kills} kills, taken {} times", taken.load(Relaxed));
}
