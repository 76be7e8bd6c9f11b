//! A child of a fork server is a child as any other.

use std::io;
use std::process::{self, ExitCode};
use std::thread;

use ipc_common::{
    Error, Event, ForkServer, Lock, Pool, Process, Queue, active_children, current_process,
    parent_process,
};
use testing::memory::kibibytes;
use testing::processes::{DEADLINE, join, until};
use testing::signpost::{Signpost, read_to_end};
use testing::tests;

tests![
    starts_from_threads_end_as_they_should,
    names_and_parents_are_those_of_forked_children,
    a_daemon_outlives_the_thread_that_starts_it,
    a_daemon_ends_with_its_parent_when_that_is_killed,
    children_have_threads_locks_and_processes_of_their_own,
    random_numbers_are_their_own,
    the_end_of_main_waits,
    closures_that_capture_nothing_are_functions,
    memory_of_the_parent_is_not_copied,
];

fn code(n: u8) -> ExitCode {
    ExitCode::from(n)
}

fn starts_from_threads_end_as_they_should() {
    let server = ForkServer::new().unwrap();
    thread::scope(|scope| {
        for thread in 0..4_u8 {
            let server = &server;
            scope.spawn(move || {
                for n in 0..25 {
                    let child = server.process(code, thread * 25 + n).start().unwrap();
                    assert_eq!(join(&child), i32::from(thread * 25 + n));
                }
            });
        }
    });
    let fails = server.process(|()| Err::<(), _>("no"), ()).start().unwrap();
    assert_eq!(join(&fails), 1);
    let panics = server.process(|()| panic!("yes"), ()).start().unwrap();
    assert_eq!(join(&panics), 1);
    let exits = server.process(|n: i32| process::exit(n), 7).start().unwrap();
    assert_eq!(join(&exits), 7);
    let sleeps = server.process(|()| thread::park(), ()).start().unwrap();
    assert!(sleeps.is_alive().unwrap());
    assert!(active_children().iter().any(|child| child.pid() == sleeps.pid()));
    sleeps.terminate().unwrap();
    assert_eq!(join(&sleeps), -15);
}

fn names_and_parents_are_those_of_forked_children() {
    let server = ForkServer::new().unwrap();
    let expected = |(name, parent, pid): (String, u32, Queue<u32>)| {
        assert_eq!(current_process().name(), name);
        let mine = parent_process().unwrap();
        assert_eq!((mine.name(), mine.pid()), ("MainProcess", parent));
        assert!(mine.is_alive());
        pid.put(&process::id()).unwrap();
        let below = Process::new(|| ()).start().unwrap();
        assert_eq!(below.name(), format!("{name}:1").replace("dance", "Process-3"));
        assert_eq!(join(&below), 0);
    };
    let pids = Queue::new().unwrap();
    for name in ["Process-2", "dance"] {
        let arguments = (name.to_string(), process::id(), pids.try_clone().unwrap());
        let mut child = server.process(expected, arguments);
        if name == "dance" {
            child = child.name(name);
        }
        let child = child.start().unwrap();
        assert_eq!(child.name(), name);
        assert_eq!(join(&child), 0);
        assert_eq!(pids.get().unwrap(), child.pid());
    }
}

fn a_daemon_outlives_the_thread_that_starts_it() {
    let server = ForkServer::new().unwrap();
    let (go, done) = (Event::new().unwrap(), Event::new().unwrap());
    let daemon = thread::scope(|scope| {
        let start = || {
            let arguments = (go.try_clone().unwrap(), done.try_clone().unwrap());
            let run = |(go, done): (Event, Event)| {
                assert!(go.wait_timeout(DEADLINE));
                done.set();
            };
            server.process(run, arguments).daemon(true).start().unwrap()
        };
        scope.spawn(start).join().unwrap()
    });
    until("the thread is gone", || std::fs::read_dir("/proc/self/task").unwrap().count() == 1);
    assert!(daemon.is_alive().unwrap());
    go.set();
    assert_eq!(join(&daemon), 0);
    assert!(done.is_set());
}

fn a_daemon_ends_with_its_parent_when_that_is_killed() {
    let (reader, writer) = io::pipe().unwrap();
    let ready = Signpost::new();
    let parent = Process::new(|| {
        let _open_in_all_below = &writer;
        let server = ForkServer::new().unwrap();
        let running = Event::new().unwrap();
        let arguments = running.try_clone().unwrap();
        let run = |running: Event| {
            running.set();
            thread::park();
        };
        server.process(run, arguments).daemon(true).start().unwrap();
        assert!(running.wait_timeout(DEADLINE));
        ready.set();
        thread::park();
    });
    let parent = parent.start().unwrap();
    drop(writer);
    ready.wait();
    parent.kill().unwrap();
    assert_eq!(join(&parent), -9);
    read_to_end(reader);
}

fn children_have_threads_locks_and_processes_of_their_own() {
    let server = ForkServer::new().unwrap();
    let run = |()| -> ipc_common::Result<()> {
        let lock = Lock::new()?;
        let guard = lock.lock()?;
        // The id by which glibc and the kernel know this thread is that of the child.
        assert!(format!("{lock:?}").contains(&process::id().to_string()), "{lock:?}");
        thread::scope(|scope| {
            scope.spawn(|| assert!(lock.try_lock().unwrap().is_none()));
        });
        drop(guard);
        // What dies with the lock leaves it.
        let child = Process::new(|| {
            std::mem::forget(lock.lock().unwrap());
            process::abort();
        });
        child.start()?.join()?;
        assert!(lock.lock()?.owner_died());
        let pool = Pool::new(2)?;
        assert_eq!(pool.map(|n: u32| n + 1, [1, 2])?, [2, 3]);
        Ok(())
    };
    assert_eq!(join(&server.process(run, ()).start().unwrap()), 0);
}

fn random_numbers_are_their_own() {
    let server = ForkServer::new().unwrap();
    let numbers = Queue::<u64>::new().unwrap();
    let mut drawn: Vec<u64> = (0..2)
        .map(|_| {
            let draw = |numbers: Queue<u64>| numbers.put(&rand::random());
            let child = server.process(draw, numbers.try_clone().unwrap()).start().unwrap();
            assert_eq!(join(&child), 0);
            numbers.get().unwrap()
        })
        .collect();
    drawn.push(rand::random());
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), 3);
}

fn the_end_of_main_waits() {
    let (go, ended) = (Event::new().unwrap(), Event::new().unwrap());
    let parent = Process::new(|| {
        let server = ForkServer::new().unwrap();
        let arguments = (go.try_clone().unwrap(), ended.try_clone().unwrap());
        let run = |(go, ended): (Event, Event)| {
            assert!(go.wait_timeout(DEADLINE));
            (0..50).for_each(|_| thread::yield_now());
            ended.set();
        };
        server.process(run, arguments).start().unwrap();
        go.set();
    });
    assert_eq!(join(&parent.start().unwrap()), 0);
    assert!(ended.is_set());
}

fn closures_that_capture_nothing_are_functions() {
    let server = ForkServer::new().unwrap();
    let child = server.process(|(a, b): (u8, u8)| ExitCode::from(a + b), (3, 4)).start().unwrap();
    assert_eq!(join(&child), 7);
    let nothing_left = server.process(|()| (), ()).start().unwrap();
    nothing_left.join().unwrap();
    assert!(matches!(nothing_left.close(), Ok(())));
    // A forked process has a copy of the handle, and is no parent of what the server starts.
    let other = Process::new(|| {
        assert!(matches!(server.process(code, 1).start(), Err(Error::NotAChild { .. })));
        let own = ForkServer::new().unwrap();
        assert_eq!(join(&own.process(code, 5).start().unwrap()), 5);
    });
    assert_eq!(join(&other.start().unwrap()), 0);
}

fn memory_of_the_parent_is_not_copied() {
    let server = ForkServer::new().unwrap();
    let large = vec![1_u8; 64 << 20];
    let resident = |()| {
        let resident = kibibytes(process::id(), "VmRSS");
        assert!(resident < 32 << 10, "{resident} KiB");
    };
    assert_eq!(join(&server.process(resident, ()).start().unwrap()), 0);
    drop(large);
}
