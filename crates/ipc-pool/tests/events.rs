//! Results that are heard of without waiting for one: callbacks, the first of several, event loops.

use std::hint;
use std::os::fd::BorrowedFd;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_common::{AsyncResult, Error, Pool, wait};
use nix::sys::signal::Signal;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use testing::pool::{OPEN, OWN, held, mark_at, marks, pool, send, square, supervisor};
use testing::processes::{DEADLINE, until};
use testing::tests;

tests![
    a_callback_is_called_once_with_what_get_returns,
    a_callback_of_a_map_that_is_partly_done,
    a_callback_may_use_the_pool,
    callbacks_hear_of_the_end,
    a_callback_that_panics_harms_nobody,
    the_first_of_several,
    the_descriptor_tells_of_each_result,
    an_edge_comes_with_each_result_after_a_look,
    the_descriptor_tells_of_a_killed_supervisor,
];

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

fn is_readable(fd: BorrowedFd<'_>) -> bool {
    poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&NOW)).unwrap() == 1
}

/// What its callback is called with.
fn told<R: Send + 'static>(task: AsyncResult<R>) -> Receiver<ipc_common::Result<R>> {
    let (sender, receiver) = channel();
    task.on_done(move |result| drop(sender.send(result)));
    receiver
}

fn a_callback_is_called_once_with_what_get_returns() {
    let pool = pool(2);
    let (nine, fails) = (told(pool.apply_async(square, 3).unwrap()), pool.apply_async(panics, ()));
    let fails = told(fails.unwrap());
    let all = told(pool.map_async(square, 0..50).unwrap());
    let late = told(pool.apply_async(held, OWN).unwrap());
    pool.apply(square, 1).unwrap(); // it is begun after all the others
    mark_at(OWN);
    let task = pool.apply_async(square, 4).unwrap();
    task.wait().unwrap();
    assert_eq!(told(task).try_recv().unwrap().unwrap(), 16); // at once
    assert_eq!(nine.try_recv().unwrap().unwrap(), 9);
    assert!(matches!(fails.try_recv().unwrap(), Err(Error::Panicked { .. })));
    assert_eq!(all.try_recv().unwrap().unwrap(), (0..50).map(square).collect::<Vec<_>>());
    assert!(late.try_recv().is_err());
    marks()[OPEN] = 1;
    pool.close();
    pool.join().unwrap();
    assert_eq!(late.try_recv().unwrap().unwrap(), mark_at(OWN));
    assert!(nine.try_recv().is_err() && fails.try_recv().is_err() && all.try_recv().is_err());
}

fn panics((): ()) {
    panic!("on purpose");
}

/// 0 at once, any other place when it is let go.
fn held_unless_0(place: usize) -> usize {
    if place > 0 {
        held(place);
    }
    place
}

fn a_callback_of_a_map_that_is_partly_done() {
    let pool = pool(1);
    let places = [0, 0, OWN, 0];
    let all = pool.map_async(held_unless_0, places).unwrap();
    mark_at(OWN);
    pool.collect().unwrap(); // the two before it
    let all = told(all);
    assert!(all.try_recv().is_err());
    marks()[OPEN] = 1;
    pool.close();
    pool.join().unwrap();
    assert_eq!(all.try_recv().unwrap().unwrap(), places);
    assert!(all.try_recv().is_err());
}

fn a_callback_may_use_the_pool() {
    let pool = Arc::new(pool(1));
    let results = Arc::new(Mutex::new(Vec::new()));
    let (there, results_there) = (Arc::downgrade(&pool), Arc::clone(&results));
    pool.apply_async(square, 2).unwrap().on_done(move |four| {
        let pool = there.upgrade().unwrap();
        let next = pool.apply(square, four.unwrap()).unwrap();
        results_there.lock().unwrap().push(next);
        let results = results_there;
        pool.apply_async(square, next).unwrap().on_done(move |last| {
            results.lock().unwrap().push(last.unwrap());
        });
    });
    until("both", || {
        pool.collect().unwrap();
        results.lock().unwrap().len() == 2
    });
    assert_eq!(*results.lock().unwrap(), [16, 256]);
}

fn callbacks_hear_of_the_end() {
    let pool = pool(1);
    let late = told(pool.apply_async(held, OWN).unwrap());
    mark_at(OWN);
    drop(pool);
    assert!(matches!(late.try_recv().unwrap(), Err(Error::PoolEnded { .. })));
}

fn a_callback_that_panics_harms_nobody() {
    let pool = pool(1);
    pool.apply_async(square, 1).unwrap().on_done(|_| panic!("on purpose"));
    let next = told(pool.apply_async(square, 2).unwrap());
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    assert_eq!(next.try_recv().unwrap().unwrap(), 4);
}

fn the_first_of_several() {
    let pool = pool(2);
    let mut results = vec![pool.apply_async(held, OWN).unwrap()];
    mark_at(OWN);
    results.push(pool.apply_async(|_: usize| 0, 0).unwrap());
    assert_eq!(pool.first_done(&results, None).unwrap(), Some(1));
    results.pop();
    assert_eq!(pool.first_done(&results, Some(Duration::from_millis(10))).unwrap(), None);
    marks()[OPEN] = 1;
    assert_eq!(pool.first_done(&results, Some(DEADLINE)).unwrap(), Some(0));
    results.pop();
    assert_eq!(pool.first_done(&results, None).unwrap(), None);
    marks()[OPEN] = 0;
    let late = pool.apply_async(held, OWN + 1).unwrap();
    mark_at(OWN + 1);
    pool.terminate().unwrap();
    assert_eq!(pool.first_done([&late], None).unwrap(), Some(0));
    assert!(matches!(late.get(), Err(Error::PoolEnded { .. })));
}

/// Collects until it is there.
#[track_caller]
fn hear<R>(pool: &Pool, told: &Receiver<ipc_common::Result<R>>) -> ipc_common::Result<R> {
    loop {
        assert_eq!(wait(&[&pool.fd().unwrap()], Some(DEADLINE)).unwrap(), [0], "it is silent");
        pool.collect().unwrap();
        if let Ok(result) = told.try_recv() {
            return result;
        }
    }
}

fn the_descriptor_tells_of_each_result() {
    let pool = pool(2);
    let fd = pool.fd().unwrap();
    for n in 0..20 {
        let squares: Vec<_> =
            (n..n + 5).map(|n| told(pool.apply_async(square, n).unwrap())).collect();
        let last = hear(&pool, &squares[4]).unwrap();
        assert_eq!(last, square(n + 4));
        let first = squares[0].try_recv();
        let first = first.unwrap_or_else(|_| hear(&pool, &squares[0]));
        assert_eq!(first.unwrap(), square(n));
        drop(squares);
        until("silence", || {
            pool.collect().unwrap();
            !is_readable(fd)
        });
    }
    // Also of what another waits for, and of a worker that dies.
    let held_one = told(pool.apply_async(held, OWN).unwrap());
    assert_eq!(pool.apply(square, 3).unwrap(), 9);
    send(mark_at(OWN), Signal::SIGKILL);
    assert!(matches!(hear(&pool, &held_one), Err(Error::WorkerDied { code: -9, .. })));
    assert_eq!(hear(&pool, &told(pool.apply_async(square, 4).unwrap())).unwrap(), 16);
}

fn an_edge_comes_with_each_result_after_a_look() {
    let pool = pool(1);
    let epoll = epoll::create(CreateFlags::CLOEXEC).unwrap();
    let edges = EventFlags::IN | EventFlags::ET;
    epoll::add(&epoll, pool.fd().unwrap(), EventData::new_u64(0), edges).unwrap();
    for n in 0..4_000 {
        let task = pool.apply_async(square, n).unwrap();
        // The result is to come before, after and in the middle of the look.
        (0..n % 100 * 20).for_each(|_| hint::spin_loop());
        while !task.ready().unwrap() {
            let mut events = Vec::with_capacity(1);
            let limit = Timespec { tv_sec: DEADLINE.as_secs() as i64, tv_nsec: 0 };
            let events = rustix::buffer::spare_capacity(&mut events);
            assert_eq!(epoll::wait(&epoll, events, Some(&limit)).unwrap(), 1, "no edge for {n}");
        }
        assert_eq!(task.get().unwrap(), n * n);
    }
}

fn the_descriptor_tells_of_a_killed_supervisor() {
    let pool = pool(1);
    pool.fd().unwrap();
    let late = told(pool.apply_async(held, OWN).unwrap());
    mark_at(OWN);
    send(supervisor(), Signal::SIGKILL);
    assert!(matches!(hear(&pool, &late), Err(Error::PoolEnded { .. })));
    assert!(is_readable(pool.fd().unwrap()));
}
