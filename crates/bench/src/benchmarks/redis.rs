//! The joinable queue, the lock and the pool of ipc-redis, through a server that each repetition starts.

use std::time::Duration;

use ipc_common::{Barrier, Child, Process};
use ipc_redis::{JoinableQueue, Lock, Pool, Task, Worker};

use crate::outcome::Outcome;
use crate::peers::redis_server::Server;
use crate::peers::{bare_redis, python_jobs};
use crate::results::measure::{Measure, Section};
use crate::results::peer::{Absent, Peer};
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::clock::time;

const ITEM: &str = "an item of some forty bytes, as tasks are";
const BATCH: usize = 100;

const ECHO: Task<u64, u64> = Task::new("echo", 1, |n| n);

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    if !Server::is_installed() {
        return Vec::new();
    }
    let mut benchmarks = round_trips();
    benchmarks.extend([1, 4, 16, 64].map(scaling));
    benchmarks.push(pool());
    benchmarks
}

fn round_trips() -> Vec<Benchmark> {
    vec![
        new("redis-one", "put, get, done, one at a time", Measure::Rate)
            .exactly(4_000)
            .peer(Peer::IpcCommon, |n| in_turn(n, 1))
            .peer(Peer::BareRedis, |n| bare_in_turn(n, 1)),
        new("redis-batch", "the same in batches of 100", Measure::Rate)
            .exactly(40_000)
            .peer(Peer::IpcCommon, |n| in_turn(n, BATCH))
            .peer(Peer::BareRedis, |n| bare_in_turn(n, BATCH)),
        new("redis-lock", "lock and unlock", Measure::Rate)
            .exactly(4_000)
            .peer(Peer::IpcCommon, lock)
            .peer(Peer::BareRedis, bare_lock),
    ]
}

fn scaling(consumers: usize) -> Benchmark {
    let title = format!("get and done, one at a time, consumers: {consumers}");
    new(&format!("redis-consumers-{consumers}"), &title, Measure::Rate)
        .exactly(5_000)
        .peer(Peer::IpcCommon, move |n| taken_by(consumers, n))
        .peer(Peer::BareRedis, move |n| bare_taken_by(consumers, n))
}

fn pool() -> Benchmark {
    let pool = new("redis-pool", "pool, one worker, apply_async and get of all", Measure::Rate)
        .at_most(10_000)
        .peer(Peer::IpcCommon, apply);
    if python_jobs::why_absent().is_some() {
        return pool;
    }
    pool.peer(Peer::Rq, |n| python_jobs::run("rq", n))
        .peer(Peer::RqSimple, |n| python_jobs::run("rq-simple", n))
        .peer(Peer::Celery, |n| python_jobs::run("celery", n))
}

/// What is left out here, and why.
pub fn absent() -> Option<Absent> {
    let why = match Server::is_installed() {
        true => python_jobs::why_absent()?,
        false => "All through a Redis server is left out: there is no redis-server \
                  (apt install redis-server)."
            .into(),
    };
    Some(Absent { peer: Peer::Rq, why })
}

pub(crate) fn new(name: &str, title: &str, measure: Measure) -> Benchmark {
    Benchmark::new(name, title, measure).section(Section::Server)
}

fn in_turn(items: u64, batch: usize) -> Outcome<Sample> {
    let server = Server::start()?;
    let queue = JoinableQueue::<String>::connect(&server.url(), "q")?;
    let some = vec![ITEM.to_owned(); batch];
    queue.put_many(&some)?;
    queue.done_many(queue.get_many(batch)?)?; // the server knows the scripts now
    let rounds = items.div_ceil(batch as u64);
    let work = || -> Outcome<()> {
        for _ in 0..rounds {
            if batch == 1 {
                queue.put(&some[0])?;
                queue.get()?.done()?;
            } else {
                queue.put_many(&some)?;
                queue.done_many(queue.get_many(batch)?)?;
            }
        }
        Ok(queue.join_timeout(Duration::ZERO)?)
    };
    time(rounds * batch as u64, work, |()| server.end())
}

fn bare_in_turn(items: u64, batch: usize) -> Outcome<Sample> {
    let server = Server::start()?;
    let mut connection = server.connect()?;
    bare_redis::make(&mut connection)?;
    let rounds = items.div_ceil(batch as u64);
    let work = || {
        for _ in 0..rounds {
            bare_redis::put(&mut connection, ITEM, batch)?;
            bare_redis::take(&mut connection, "c", batch)?;
        }
        check_empty(bare_redis::left(&mut connection)?)
    };
    time(rounds * batch as u64, work, |()| server.end())
}

fn check_empty(left: u64) -> Outcome<()> {
    if left == 0 { Ok(()) } else { Err(format!("{left} items were left").into()) }
}

fn lock(times: u64) -> Outcome<Sample> {
    let server = Server::start()?;
    let lock = Lock::connect(&server.url(), "l")?;
    lock.lock()?.unlock()?; // the server knows the scripts now
    time(times, || Ok((0..times).try_for_each(|_| lock.lock()?.unlock())?), |()| server.end())
}

fn bare_lock(times: u64) -> Outcome<Sample> {
    let server = Server::start()?;
    let mut connection = server.connect()?;
    let work = || (0..times).try_for_each(|_| bare_redis::lock_and_unlock(&mut connection));
    time(times, work, |()| server.end())
}

/// Many items that wait, and so many processes that take one at a time.
fn taken_by(consumers: usize, items: u64) -> Outcome<Sample> {
    let server = Server::start()?;
    let url = server.url();
    let queue = JoinableQueue::<String>::connect(&url, "q")?;
    let gate = Barrier::new(consumers + 1)?;
    let children = start(consumers, |_| {
        let queue = JoinableQueue::<String>::connect(&url, "q")?;
        gate.wait()?;
        loop {
            queue.get()?.done()?;
        }
    })?;
    queue.put_many(&vec![ITEM.into(); items as usize])?;
    gate.wait()?;
    time(items, || Ok(queue.join_timeout(Duration::from_secs(30))?), |()| end(&children, server))
}

fn bare_taken_by(consumers: usize, items: u64) -> Outcome<Sample> {
    let server = Server::start()?;
    let mut connection = server.connect()?;
    bare_redis::make(&mut connection)?;
    let gate = Barrier::new(consumers + 1)?;
    let children = start(consumers, |number| {
        let mut connection = server.connect()?;
        gate.wait()?;
        while bare_redis::take(&mut connection, &number.to_string(), 1)? > 0 {}
        Ok(())
    })?;
    bare_redis::put(&mut connection, ITEM, items as usize)?;
    gate.wait()?;
    let work = || -> Outcome<()> {
        children.iter().try_for_each(|child| child.join().map(|_| ()))?;
        check_empty(bare_redis::left(&mut connection)?)
    };
    time(items, work, |()| server.end())
}

pub(crate) fn start(count: usize, run: impl Fn(usize) -> Outcome<()>) -> Outcome<Vec<Child>> {
    let run = &run;
    let start = |number| Process::new(move || run(number)).daemon(true).start();
    Ok((0..count).map(start).collect::<ipc_common::Result<_>>()?)
}

pub(crate) fn end(children: &[Child], server: Server) -> Outcome<()> {
    for child in children {
        child.kill()?;
        child.join()?;
    }
    server.end()
}

fn apply(tasks: u64) -> Outcome<Sample> {
    let server = Server::start()?;
    let url = server.url();
    let worker = start(1, |_| Ok(Worker::connect(&url, "p")?.task(ECHO).run()?))?;
    let pool = Pool::connect(&url, "p")?;
    pool.apply(ECHO, 0)?; // the worker has started
    let work = || -> Outcome<()> {
        let results = (0..tasks).map(|n| pool.apply_async(ECHO, n));
        let results = results.collect::<ipc_redis::Result<Vec<_>>>()?;
        for (n, result) in (0..).zip(results) {
            let result = result.get()?;
            if result != n {
                return Err(format!("{result} came for {n}").into());
            }
        }
        Ok(())
    };
    time(tasks, work, |()| end(&worker, server))
}
