//! Pools that meet with adversity: supervisors that are stopped or killed, tasks and initializers
//! that do what they should not, owners that reap and flood, limits that leave no room.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::mem;
use std::process;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::sleep;
use std::time::Duration;

use ipc_common::{AsyncResult, Error, Lock, Pool};
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, alarm, fork};
use serde_bytes::ByteBuf;
use testing::harness::assert_no_children;
use testing::memory::{kibibytes, with_address_space};
use testing::pool::{
    OPEN, OWN, has_ended, held, is_stopped, mark_at, marks, pool, send, sleep_until_marked, square,
    supervisor,
};
use testing::processes::{DEADLINE, is_in_futex, is_in_poll, join, open_descriptors, start, until};
use testing::signpost::read_to_end;
use testing::tests;

tests![
    join_makes_room_for_the_last_words,
    drop_does_not_wait_for_a_stopped_supervisor,
    who_only_asks_hears_of_a_killed_supervisor,
    who_only_asks_hears_of_a_killed_supervisor_in_spite_of_a_workers_child,
    who_only_gives_tasks_hears_of_a_killed_supervisor,
    results_that_nobody_wants_take_no_memory,
    a_task_that_closes_all_descriptors_costs_itself_at_most,
    an_initializer_that_takes_all_locks_fails,
    a_deadline_is_kept_in_a_flood_of_results,
    workers_have_no_descriptors_of_each_other,
    a_replacement_needs_no_more_descriptors_than_the_start,
    an_owner_that_reaps_every_child_gets_its_results,
    a_task_that_forks_makes_no_worker,
    a_worker_keeps_no_large_buffer,
];

/// Plays a scene that might hang in a process of its own.
#[track_caller]
fn in_time(scene: impl FnOnce()) {
    marks().fill(0);
    assert_eq!(join(&start(scene)), 0);
}

#[track_caller]
fn assert_ended<T>(result: ipc_common::Result<T>, why: &str) {
    match result.map(drop).unwrap_err() {
        error @ Error::PoolEnded { .. } => assert!(error.to_string().contains(why), "{error}"),
        error => panic!("{error}"),
    }
}

fn ends((): ()) {
    process::exit(3)
}

// Marks of a doomed pool: how many workers have started, the replacement, and what lets it fail.
const STARTS: usize = 1;
const REPLACEMENT: usize = 2;
const FAIL: usize = 3;
const WORKERS: usize = 4;

/// A pool of two, one of which has been killed; the one in its place fails when [`FAIL`] says so, and
/// with it the pool. The other, which is returned, too, goes on when [`OPEN`] says so. The queues have
/// 12 MiB at most.
fn doomed_pool() -> (Pool, u32) {
    let (soft, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    let start = |mebibytes: u64| {
        let builder = Pool::builder().workers(2).initializer(|| {
            setrlimit(Resource::RLIMIT_AS, soft, hard).unwrap();
            marks()[STARTS] += 1;
            if marks()[STARTS] <= 2 {
                return Ok(());
            }
            marks()[REPLACEMENT] = process::id();
            sleep_until_marked(FAIL);
            Err("no more")
        });
        with_address_space(mebibytes << 20, || builder.start())
    };
    // The first queue may leave nothing for the second.
    let pool = start(8).or_else(|_| start(12)).unwrap();
    let [one, other] = [WORKERS, WORKERS + 1].map(|place| {
        drop(pool.apply_async(held, place).unwrap());
        mark_at(place)
    });
    send(one, Signal::SIGKILL);
    mark_at(REPLACEMENT);
    (pool, other)
}

/// Lets the replacement fail while the supervisor, which is to say so, too, is stopped.
fn doom(pool: &Pool) -> u32 {
    let supervisor = supervisor();
    send(supervisor, Signal::SIGSTOP);
    until("the supervisor's stop", || is_stopped(supervisor));
    let never = pool.apply_async(square, 1).unwrap();
    marks()[FAIL] = 1;
    assert_ended(never.get_timeout(DEADLINE), "no more");
    supervisor
}

/// The pool knows already why it ends when its results fill the queue, and then the supervisor wants
/// to say why.
fn join_makes_room_for_the_last_words() {
    in_time(|| {
        let (pool, other) = doomed_pool();
        for _ in 0..75_000 {
            // Shorter than what the supervisor says, which finds no room in what they leave.
            drop(pool.apply_async(|()| "x".repeat(24), ()).unwrap());
        }
        let supervisor = doom(&pool);
        marks()[OPEN] = 1;
        until("the full queue", || is_in_futex(other));
        let owner = process::id();
        let goes_on = start(|| {
            until("the join", || is_in_poll(owner) && (is_in_futex(other) || has_ended(other)));
            send(supervisor, Signal::SIGCONT);
        });
        pool.close();
        assert_ended(pool.join(), "no more");
        assert!(has_ended(supervisor) && has_ended(other));
        assert_eq!(join(&goes_on), 0);
    });
}

fn drop_does_not_wait_for_a_stopped_supervisor() {
    in_time(|| {
        let (pool, _) = doomed_pool();
        doom(&pool);
        drop(pool);
        assert_no_children();
    });
}

fn who_only_asks_hears_of_a_killed_supervisor() {
    type Hears = fn(&AsyncResult<u32>) -> bool;
    let ways: [Hears; 4] = [
        |task| task.ready().unwrap(),
        |task| task.wait_timeout(Duration::ZERO).unwrap(),
        |task| matches!(task.get_timeout(Duration::ZERO), Err(Error::PoolEnded { .. })),
        |task| task.successful().unwrap() == Some(false),
    ];
    for hears in ways {
        let pool = pool(2);
        let task = pool.apply_async(held, OWN).unwrap();
        mark_at(OWN);
        assert!(!hears(&task));
        send(supervisor(), Signal::SIGKILL);
        until("the news", || hears(&task));
        assert_ended(task.get(), "supervisor ended with code -9");
    }
}

/// Its workers are gone, but not all that could ring.
fn who_only_asks_hears_of_a_killed_supervisor_in_spite_of_a_workers_child() {
    let pool = pool(1);
    let task = pool.apply_async(
        |()| {
            // SAFETY: a worker has one thread.
            if let ForkResult::Child = unsafe { fork() }.unwrap() {
                alarm::set(2 * DEADLINE.as_secs() as u32); // nobody waits for it if the test fails
                held(OWN);
                process::exit(0);
            }
            held(OWN + 1)
        },
        (),
    );
    let task = task.unwrap();
    let (child, _) = (mark_at(OWN), mark_at(OWN + 1));
    send(supervisor(), Signal::SIGKILL);
    until("the news", || task.ready().unwrap());
    assert_ended(task.get(), "supervisor ended with code -9");
    marks()[OPEN] = 1;
    until("the child's end", || has_ended(child));
}

fn who_only_gives_tasks_hears_of_a_killed_supervisor() {
    let (reader, writer) = io::pipe().unwrap();
    let pool = pool(2);
    drop(writer);
    pool.apply(square, 1).unwrap();
    send(supervisor(), Signal::SIGKILL);
    read_to_end(reader);
    let refused = (0..1000).find_map(|n| pool.apply_async(square, n).err());
    assert_ended(Err::<(), _>(refused.expect("a task is refused")), "code -9");
}

fn results_that_nobody_wants_take_no_memory() {
    const RESULTS: u32 = 200;
    fn large(n: u32) -> ByteBuf {
        marks()[OWN] = n;
        ByteBuf::from(vec![1; 1 << 20])
    }
    let pool = pool(1);
    let worker = pool.apply(|()| process::id(), ()).unwrap();
    for n in 1..=RESULTS {
        drop(pool.apply_async(large, n).unwrap());
        until("the task", || marks()[OWN] == n);
    }
    let (sent, kept) = ((RESULTS as usize) << 10, kibibytes(worker, "RssShmem"));
    assert!(kept < sent / 4, "{kept} KiB are kept of {sent}");
}

fn a_task_that_closes_all_descriptors_costs_itself_at_most() {
    fn closes(owner: u32) -> u32 {
        until("the wait for the result", || owner == 0 || is_in_poll(owner));
        // SAFETY: nothing of this process's uses a descriptor that it has not opened after this.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
        assert_eq!(closed, 0);
        owner
    }
    in_time(|| {
        let pool = Pool::new(1).unwrap();
        for owner in [process::id(), 0] {
            // Each wait is for as long as it takes: the pool would look once more at its end.
            match pool.apply(closes, owner) {
                Ok(result) => assert_eq!(result, owner),
                Err(Error::WorkerDied { .. }) => {}
                Err(error) => panic!("{error}"),
            }
            (0..10).for_each(|n| assert_eq!(pool.apply(square, n).unwrap(), n * n));
        }
    });
}

fn an_initializer_that_takes_all_locks_fails() {
    in_time(|| {
        let builder = Pool::builder().workers(1).initializer(|| {
            for _ in 0..1024 {
                let lock: &Lock = Box::leak(Box::new(Lock::new()?));
                mem::forget(lock.lock()?);
            }
            Ok::<(), Error>(())
        });
        assert_ended(builder.start(), "before it was initialised");
    });
}

/// The system's allocator, which a process that is to be slow does not get memory from at once.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;
static IS_SLOW: AtomicBool = AtomicBool::new(false);

// SAFETY: all is done by the system's.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_SLOW.load(Relaxed) {
            sleep(Duration::from_micros(100));
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// The worker sends them faster than the pool can take them in.
fn a_deadline_is_kept_in_a_flood_of_results() {
    const LAST: usize = OWN + 1;
    let pool = pool(1);
    drop(pool.apply_async(held, OWN).unwrap());
    for _ in 0..50_000 {
        drop(pool.apply_async(|()| sleep(Duration::from_micros(1)), ()).unwrap());
    }
    let last = pool.apply_async(held, LAST).unwrap();
    marks()[OPEN] = 1;
    IS_SLOW.store(true, Relaxed);
    let result = last.get_timeout(Duration::from_millis(20));
    IS_SLOW.store(false, Relaxed);
    assert_eq!(marks()[LAST], 0, "the flood ended before the wait");
    assert_eq!(result.unwrap(), None);
}

fn workers_have_no_descriptors_of_each_other() {
    const WORKERS: usize = 20;
    fn counts(place: usize) -> usize {
        let descriptors = open_descriptors();
        held(place);
        descriptors
    }
    let pool = pool(WORKERS);
    let count = || {
        let places = OWN..OWN + WORKERS;
        let tasks: Vec<_> = places.map(|n| pool.apply_async(counts, n).unwrap()).collect();
        let workers: Vec<u32> = (0..WORKERS).map(|i| mark_at(OWN + i)).collect();
        marks()[OPEN] = 1;
        let counts: Vec<usize> = tasks.iter().map(|task| task.get().unwrap()).collect();
        marks().fill(0);
        (workers, counts)
    };
    let (workers, before) = count();
    assert_eq!(before, [before[0]; WORKERS]);
    // The others were there before those that take their places.
    workers.iter().take(5).for_each(|&worker| send(worker, Signal::SIGKILL));
    let (_, after) = count();
    assert_eq!(after, before);
}

fn a_replacement_needs_no_more_descriptors_than_the_start() {
    in_time(|| {
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let fewest = (3..).find_map(|limit| {
            setrlimit(Resource::RLIMIT_NOFILE, limit, hard).unwrap();
            Pool::new(8).ok()
        });
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap(); // for this process alone
        let pool = fewest.unwrap();
        for _ in 0..20 {
            assert!(matches!(pool.apply(ends, ()), Err(Error::WorkerDied { code: 3, .. })));
            assert_eq!(pool.map(square, 0..3).unwrap(), [0, 1, 4]);
        }
    });
}

fn an_owner_that_reaps_every_child_gets_its_results() {
    extern "C" fn reap(_: i32) {
        let errno = Errno::last();
        while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|w| w != WaitStatus::StillAlive) {
        }
        errno.set();
    }
    in_time(|| {
        let action =
            SigAction::new(SigHandler::Handler(reap), SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: the handler calls only waitpid, and leaves errno as it was.
        unsafe { sigaction(Signal::SIGCHLD, &action) }.unwrap();
        let pool = Pool::new(2).unwrap();
        for _ in 0..10 {
            assert!(matches!(pool.apply(ends, ()), Err(Error::WorkerDied { code: 3, .. })));
            assert_eq!(pool.map(square, 0..3).unwrap(), [0, 1, 4]);
        }
    });
}

fn a_task_that_forks_makes_no_worker() {
    fn forks((): ()) -> i32 {
        // SAFETY: a worker has one thread.
        match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => child.as_raw(),
            ForkResult::Child => 0,
        }
    }
    fn has_ended_quietly(child: i32) -> bool {
        let child = Pid::from_raw(child);
        waitpid(child, None) == Ok(WaitStatus::Exited(child, 0))
    }
    let pool = pool(1);
    for _ in 0..10 {
        let child = pool.apply(forks, ()).unwrap();
        assert_ne!(child, 0);
        // It would wait for a task, or have this one.
        let ended = pool.apply_async(has_ended_quietly, child).unwrap();
        assert_eq!(ended.get_timeout(DEADLINE).unwrap(), Some(true));
    }
}

fn a_worker_keeps_no_large_buffer() {
    const LARGE: usize = 100 << 20;
    let pool = pool(1);
    let kept = || pool.apply(|()| kibibytes(process::id(), "RssAnon"), ()).unwrap();
    let before = kept();
    let echo = |bytes: ByteBuf| bytes;
    assert_eq!(pool.apply(echo, ByteBuf::from(vec![1; LARGE])).unwrap().len(), LARGE);
    for n in 0..10 {
        pool.apply(square, n).unwrap();
    }
    let after = kept();
    assert!(after < before + (LARGE >> 10) / 4, "it grew from {before} to {after} KiB");
}
