//! Pools of a program with threads: a fork server starts them.

use std::ffi::c_void;
use std::io;
use std::mem;
use std::process::{self, ExitCode};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_common::{
    Child, Error, ForkServer, Lock, Pool, Process, Queue, active_children, current_process, wait,
};
use nix::sys::signal::Signal;
use serde::{Deserialize, Deserializer, Serialize};
use testing::pool::{
    OPEN, OWN, has_ended, held, mark_at, marks, send, sleep_until_marked, square, supervisor,
};
use testing::processes::{DEADLINE, join, open_descriptors, start, until};
use testing::signpost::read_to_end;
use testing::tests;

tests![
    a_thread_makes_a_pool_and_others_use_it,
    without_a_server_it_is_said_where_one_gets_it,
    a_killed_worker_costs_its_task_and_is_replaced,
    an_event_loop_in_a_thread_hears_of_all,
    workers_end_after_their_share_and_at_their_limit,
    the_initializer_gets_what_processes_share,
    an_initializer_that_fails_says_why,
    an_initializer_of_a_library_that_was_loaded_later_is_not_called,
    an_argument_that_cannot_be_decoded_fails_the_start,
    a_pool_outlives_its_server,
    a_killed_server_is_said_or_replaced,
    a_killed_owner_leaves_no_process,
    an_owner_killed_while_it_starts_leaves_no_process,
    a_pool_outlives_the_thread_that_made_it,
    terminate_close_and_drop_end_it_from_any_thread,
    nothing_is_left_open,
    what_makes_no_sense_is_refused,
];

/// Runs `scene` while this process has a second thread.
fn beside_a_thread<R>(scene: impl FnOnce() -> R) -> R {
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || ended.recv());
    let result = scene();
    drop(end);
    thread.join().unwrap().unwrap_err();
    result
}

fn pool(server: &ForkServer, workers: usize) -> Pool {
    Pool::builder_on(server).workers(workers).start().unwrap()
}

/// With marks that are zero, and known to what it starts.
fn server() -> ForkServer {
    marks().fill(0);
    ForkServer::new().unwrap()
}

fn server_process() -> Child {
    active_children().into_iter().find(|child| child.name() == "ForkServer").unwrap()
}

#[track_caller]
fn died<T>(result: ipc_common::Result<T>, worker: u32) {
    match result.map(drop).unwrap_err() {
        Error::WorkerDied { pid, code: -9 } if pid == worker => {}
        error => panic!("{error}"),
    }
}

fn a_thread_makes_a_pool_and_others_use_it() {
    let server = server();
    let pool = thread::scope(|scope| scope.spawn(|| pool(&server, 3)).join().unwrap());
    thread::scope(|scope| {
        for n in 0..8_u64 {
            let pool = &pool;
            scope.spawn(move || {
                let tasks: Vec<_> =
                    (0..200).map(|i| pool.apply_async(square, n * i).unwrap()).collect();
                for (i, task) in (0..).zip(&tasks) {
                    assert_eq!(task.get_timeout(DEADLINE).unwrap(), Some((n * i).pow(2)));
                }
                assert_eq!(pool.map(square, 0..4).unwrap(), [0, 1, 4, 9]);
            });
        }
        // One that only waits: whichever thread takes its result in.
        let last = pool.apply_async(square, 9).unwrap();
        scope.spawn(move || assert_eq!(last.get_timeout(DEADLINE).unwrap(), Some(81)));
    });
    let name = pool.apply(|()| current_process().name().to_string(), ()).unwrap();
    assert!(name.starts_with("PoolWorker-"), "{name}");
    assert_eq!(pool.worker_pids().len(), 3);
}

fn without_a_server_it_is_said_where_one_gets_it() {
    beside_a_thread(|| {
        let refused = Pool::new(2).unwrap_err();
        assert!(matches!(refused, Error::Threads { threads: 2, .. }), "{refused}");
        let says = refused.to_string();
        assert!(says.contains("ForkServer first thing in main"), "{says}");
        assert!(says.contains("Pool::builder_on"), "{says}");
    });
}

fn a_killed_worker_costs_its_task_and_is_replaced() {
    let server = server();
    beside_a_thread(|| {
        let pool = pool(&server, 2);
        for _ in 0..5 {
            let task = pool.apply_async(held, OWN).unwrap();
            let victim = mark_at(OWN);
            let others: Vec<_> = (0..20).map(|n| pool.apply_async(square, n).unwrap()).collect();
            send(victim, Signal::SIGKILL);
            died(task.get(), victim);
            assert!((0..).zip(&others).all(|(n, task)| task.get().unwrap() == n * n));
            until("the next worker", || pool.worker_pids().len() == 2);
            assert!(!pool.worker_pids().contains(&victim));
            marks().fill(0);
        }
        // The supervisor's end is the pool's, though its workers may do a task before their own.
        send(supervisor(), Signal::SIGKILL);
        let why = (0..).find_map(|n| pool.apply(square, n % 10).err()).unwrap().to_string();
        assert!(why.contains("supervisor ended with code -9"), "{why}");
    });
}

/// A worker is killed meanwhile, and another thread gives tasks. (One that waited would take in the
/// results of all.)
fn an_event_loop_in_a_thread_hears_of_all() {
    let server = server();
    let pool = pool(&server, 2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let give = |n| pool.apply_async(|n: u64| n as u32, n).unwrap();
            let mut tasks: Vec<_> = (0..50).map(give).collect();
            tasks.push(pool.apply_async(held, OWN).unwrap());
            let mut died = 0;
            while !tasks.is_empty() {
                assert_eq!(wait(&[&pool.fd().unwrap()], Some(DEADLINE)).unwrap(), [0]);
                while let Some(done) = pool.first_done(&tasks, Some(Duration::ZERO)).unwrap() {
                    died += usize::from(tasks.swap_remove(done).get().is_err());
                }
            }
            assert_eq!(died, 1);
        });
        scope.spawn(|| (0..50).for_each(|n| drop(pool.apply_async(square, n).unwrap())));
        send(mark_at(OWN), Signal::SIGKILL);
    });
}

fn workers_end_after_their_share_and_at_their_limit() {
    let server = server();
    beside_a_thread(|| {
        let builder = Pool::builder_on(&server).workers(1).max_tasks_per_child(2);
        let pool = builder.task_timeout(DEADLINE * 9).start().unwrap();
        let pids = pool.map_chunks(|_: u8| process::id(), 0..6, 1).unwrap();
        assert!(pids[0] == pids[1] && pids[2] == pids[3] && pids[4] == pids[5], "{pids:?}");
        assert!(pids[1] != pids[2] && pids[3] != pids[4], "{pids:?}");
        let limit = Duration::from_millis(50);
        let endless = pool.apply_async_within(limit, |()| thread::park(), ()).unwrap();
        let error = endless.get().unwrap_err();
        assert!(matches!(error, Error::TaskTimeout { limit: l, .. } if l == limit), "{error}");
        assert_eq!(pool.apply(square, 4).unwrap(), 16);
    });
}

/// What the initializer's argument sets in each worker.
static GIVEN: OnceLock<Given> = OnceLock::new();

#[derive(Serialize, Deserialize)]
struct Given {
    pids: Queue<u32>,
    lock: Lock,
    text: String,
}

fn set_given(given: Given) -> Result<(), &'static str> {
    GIVEN.set(given).map_err(|_| "it is set")
}

fn the_initializer_gets_what_processes_share() {
    let server = server();
    beside_a_thread(|| {
        let (pids, lock) = (Queue::new().unwrap(), Lock::new().unwrap());
        let text = "from the owner".repeat(10_000);
        let (pids_clone, lock_clone) = (pids.try_clone().unwrap(), lock.try_clone().unwrap());
        let given = Given { pids: pids_clone, lock: lock_clone, text: text.clone() };
        let builder = Pool::builder_on(&server).workers(2).max_tasks_per_child(1);
        let pool = builder.initializer(set_given, given).start().unwrap();
        let task = |()| -> Result<String, String> {
            let given = GIVEN.get().ok_or("no initializer")?;
            let _guard = given.lock.lock().map_err(|e| e.to_string())?;
            given.pids.put(&process::id()).map_err(|e| e.to_string())?;
            Ok(given.text.clone())
        };
        for _ in 0..6 {
            assert!(pool.apply(task, ()).unwrap().unwrap() == text);
        }
        let mut workers: Vec<u32> = (0..6).map(|_| pids.get().unwrap()).collect();
        workers.sort_unstable();
        workers.dedup();
        assert_eq!(workers.len(), 6, "each worker was given it");
        // What a killed worker holds is free.
        let hold = |place: usize| {
            let _guard = GIVEN.get().unwrap().lock.lock().unwrap();
            held(place)
        };
        let task = pool.apply_async(hold, OWN).unwrap();
        let victim = mark_at(OWN);
        assert!(lock.try_lock().unwrap().is_none());
        send(victim, Signal::SIGKILL);
        died(task.get(), victim);
        assert!(lock.lock_timeout(DEADLINE).unwrap().unwrap().owner_died());
    });
    assert!(GIVEN.get().is_none(), "it runs in the workers alone");
}

fn an_initializer_that_fails_says_why() {
    let server = server();
    beside_a_thread(|| {
        let builder = || Pool::builder_on(&server).workers(2);
        let failed = builder().initializer(|why: String| Err::<(), _>(why), "no database".into());
        let why = failed.start().unwrap_err().to_string();
        assert!(why.contains("the initializer failed: no database"), "{why}");
        let panics = |()| -> Result<(), String> { panic!("on purpose") };
        let why = builder().initializer(panics, ()).start().unwrap_err().to_string();
        assert!(why.contains("the initializer failed: it panicked: on purpose"), "{why}");
        assert_eq!(builder().start().unwrap().apply(square, 3).unwrap(), 9);
    });
}

fn an_initializer_of_a_library_that_was_loaded_later_is_not_called() {
    let server = server();
    let file = c"libresolv.so.2".as_ptr();
    // SAFETY: loading it runs nothing that other code relies on.
    let function = unsafe {
        assert!(libc::dlopen(file, libc::RTLD_NOW | libc::RTLD_NOLOAD).is_null(), "it was loaded");
        libc::dlsym(libc::dlopen(file, libc::RTLD_NOW), c"ns_get16".as_ptr())
    };
    assert!(!function.is_null());
    // SAFETY: it is a function, though of another type, and is not called.
    let f = unsafe { mem::transmute::<*mut c_void, fn(()) -> Result<(), String>>(function) };
    let why =
        Pool::builder_on(&server).workers(1).initializer(f, ()).start().unwrap_err().to_string();
    assert!(why.contains("a library that was loaded after the fork server was made"), "{why}");
}

#[derive(Serialize)]
struct OneWay;

impl<'de> Deserialize<'de> for OneWay {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("on purpose"))
    }
}

fn an_argument_that_cannot_be_decoded_fails_the_start() {
    let server = server();
    beside_a_thread(|| {
        let initializer = |_: OneWay| Ok::<(), String>(());
        let builder = Pool::builder_on(&server).workers(2).initializer(initializer, OneWay);
        let why = builder.start().unwrap_err().to_string();
        assert!(why.contains("supervisor ended with code 1"), "{why}");
        until("its end", || active_children().len() == 1);
    });
}

fn a_pool_outlives_its_server() {
    let server = server();
    beside_a_thread(|| {
        let pool = pool(&server, 2);
        server_process().kill().unwrap();
        let task = pool.apply_async(held, OWN).unwrap();
        send(mark_at(OWN), Signal::SIGKILL);
        died(task.get(), marks()[OWN]);
        marks().fill(0);
        assert_eq!(pool.map(square, 0..100).unwrap()[99], 99 * 99);
        drop(server);
        pool.worker_pids().iter().for_each(|&worker| send(worker, Signal::SIGKILL));
        assert_eq!(pool.map(square, 0..100).unwrap()[99], 99 * 99);
        pool.close();
        pool.join().unwrap();
    });
}

fn a_killed_server_is_said_or_replaced() {
    let server = server();
    let process = server_process();
    process.kill().unwrap();
    process.join().unwrap();
    let before = open_descriptors();
    beside_a_thread(|| {
        let error = Pool::builder_on(&server).workers(2).start().unwrap_err();
        assert!(matches!(error, Error::ForkServer { .. }), "{error}");
        let error = error.to_string();
        assert!(error.contains("exit code -9") && error.contains("2 threads"), "{error}");
    });
    assert_eq!(open_descriptors(), before);
    assert_eq!(pool(&server, 2).apply(square, 3).unwrap(), 9);
}

/// The owner, its server, supervisor and workers all have `writer`, which is open before them.
fn a_killed_owner_leaves_no_process() {
    for owner_is_busy in [false, true] {
        marks().fill(0);
        let (reader, writer) = io::pipe().unwrap();
        let owner = start(|| {
            let server = ForkServer::new().unwrap();
            let pool = thread::scope(|scope| scope.spawn(|| pool(&server, 3)).join().unwrap());
            let tasks: Vec<_> = (0..2).map(|n| pool.apply_async(held, OWN + n).unwrap()).collect();
            if owner_is_busy {
                loop {
                    pool.apply(square, 3).unwrap();
                }
            }
            tasks.iter().for_each(|task| drop(task.get()));
        });
        drop(writer);
        let workers = [mark_at(OWN), mark_at(OWN + 1)];
        owner.kill().unwrap();
        read_to_end(reader);
        until("the workers' end", || workers.into_iter().all(has_ended)); // which comes after that of its files
        assert_eq!(join(&owner), -9);
    }
}

/// After another time in each round.
fn an_owner_killed_while_it_starts_leaves_no_process() {
    for round in 0..60_u32 {
        marks().fill(0);
        let (reader, writer) = io::pipe().unwrap();
        let owner = start(|| {
            let server = ForkServer::new().unwrap();
            marks()[OWN] = 1;
            drop(pool(&server, 2));
            sleep_until_marked(OPEN);
        });
        drop(writer);
        mark_at(OWN);
        thread::sleep(Duration::from_micros(u64::from(round) * 50));
        owner.kill().unwrap();
        assert_eq!(join(&owner), -9);
        read_to_end(reader);
    }
}

fn a_pool_outlives_the_thread_that_made_it() {
    let server = server();
    let pool = thread::scope(|scope| scope.spawn(|| pool(&server, 1)).join().unwrap());
    until("the thread is gone", || std::fs::read_dir("/proc/self/task").unwrap().count() == 1);
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    send(pool.worker_pids()[0], Signal::SIGKILL);
    assert_eq!(pool.apply(square, 4).unwrap(), 16);
}

fn terminate_close_and_drop_end_it_from_any_thread() {
    let server = server();
    for how in [
        |pool: Pool| pool.terminate(),
        |pool: Pool| {
            let task = pool.apply_async(square, 5)?;
            pool.close();
            pool.join()?;
            assert_eq!(task.get()?, 25);
            Ok(())
        },
        |pool: Pool| {
            drop(pool);
            Ok(())
        },
    ] {
        let pool = pool(&server, 2);
        let processes = [pool.worker_pids(), vec![supervisor()]].concat();
        thread::scope(|scope| scope.spawn(|| how(pool)).join().unwrap()).unwrap();
        until("their end", || processes.iter().copied().all(has_ended));
    }
}

fn nothing_is_left_open() {
    let server = server();
    pool(&server, 2).apply(square, 3).unwrap(); // the first of each allocates what all others use
    let before =
        (open_descriptors(), testing::processes::open_descriptors_of(server_process().pid()));
    for _ in 0..5 {
        let pool = pool(&server, 2);
        pool.apply(square, 3).unwrap();
    }
    let after =
        (open_descriptors(), testing::processes::open_descriptors_of(server_process().pid()));
    assert_eq!(before, after);
    // A process that the server starts can have a pool of its own.
    let nested = |()| match Pool::new(2).and_then(|pool| pool.apply(square, 6)) {
        Ok(36) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    };
    assert_eq!(join(&server.process(nested, ()).start().unwrap()), 0);
}

fn what_makes_no_sense_is_refused() {
    let server = server();
    let builder = || Pool::builder_on(&server);
    assert!(matches!(builder().workers(0).start(), Err(Error::Invalid(_))));
    assert!(matches!(builder().max_tasks_per_child(0).start(), Err(Error::Invalid(_))));
    assert!(matches!(builder().task_timeout(Duration::ZERO).start(), Err(Error::Invalid(_))));
    // A forked process has a copy of the handle, and is no parent of what the server starts.
    let other = Process::new(|| {
        assert!(matches!(pool_error(&server), Error::NotAChild { .. }));
    });
    assert_eq!(join(&other.start().unwrap()), 0);
}

fn pool_error(server: &ForkServer) -> Error {
    Pool::builder_on(server).workers(1).start().unwrap_err()
}
