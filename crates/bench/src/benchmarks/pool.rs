//! Pools: what handing out tasks costs.

use std::hint;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use ipc_common::Pool;

use crate::outcome::Outcome;
use crate::peers::channel::Channel;
use crate::peers::crossbeam_channel::{BOUND, Crossbeam};
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::clock::time;
use crate::runner::race::{Tally, threads};

/// How many the documents' pools have.
const WORKERS: usize = 4;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    let cores = available_parallelism().map_or(1, usize::from);
    let ideal = MILLISECOND.as_secs_f64() / cores as f64;
    vec![
        Benchmark::new("pool-apply", "pool, a message for each task", Measure::Rate)
            .peer(Peer::IpcCommon, apply)
            .python(&["pool-apply", &WORKERS.to_string()])
            .peer(Peer::Threads, |n| by_threads(WORKERS, double, n)),
        Benchmark::new("pool-map", "pool, map of 100,000", Measure::Rate)
            .exactly(100_000)
            .peer(Peer::IpcCommon, |n| map(WORKERS, double, n))
            .python(&["pool-map", &WORKERS.to_string(), "double"])
            .peer(Peer::Threads, |n| by_threads(WORKERS, double, n)),
        Benchmark::new(
            "pool-1ms",
            "pool, tasks of 1 ms, share of the ideal",
            Measure::Efficiency(ideal),
        )
        .peer(Peer::IpcCommon, move |n| map(cores, double_slowly, n))
        .python(&["pool-map", &cores.to_string(), "double_slowly"])
        .peer(Peer::Threads, move |n| by_threads(cores, double_slowly, n)),
    ]
}

fn double(number: u64) -> u64 {
    number * 2
}

const MILLISECOND: Duration = Duration::from_millis(1);

fn double_slowly(number: u64) -> u64 {
    let start = Instant::now();
    while start.elapsed() < MILLISECOND {
        hint::spin_loop();
    }
    double(number)
}

fn apply(tasks: u64) -> Outcome<Sample> {
    let pool = Pool::new(WORKERS)?;
    let work = || {
        let results: Vec<_> =
            (0..tasks).map(|n| pool.apply_async(double, n)).collect::<Result<_, _>>()?;
        let results: Vec<u64> = results.iter().map(|it| it.get()).collect::<Result<_, _>>()?;
        check(results, tasks)
    };
    time(tasks, work, |()| end(&pool))
}

fn map(workers: usize, task: fn(u64) -> u64, tasks: u64) -> Outcome<Sample> {
    let pool = Pool::new(workers)?;
    time(tasks, || check(pool.map(task, 0..tasks)?, tasks), |()| end(&pool))
}

/// The workers' processor time is known when they are gone.
fn end(pool: &Pool) -> Outcome<()> {
    pool.close();
    Ok(pool.join()?)
}

/// A pool as one writes it with two channels; the first worker hands out.
fn by_threads(workers: usize, task: fn(u64) -> u64, tasks: u64) -> Outcome<Sample> {
    const END: u64 = u64::MAX;
    let (arguments, results) = (Crossbeam::bounded(BOUND), Crossbeam::unbounded());
    let hand_out = || {
        (0..tasks).try_for_each(|n| arguments.put(&n))?;
        (0..workers).try_for_each(|_| arguments.put(&END))?;
        let results = (0..tasks).map(|_| results.get()).collect::<Outcome<_>>()?;
        check(results, tasks)
    };
    let do_tasks = || loop {
        match arguments.get()? {
            END => return Ok(()),
            argument => results.put(&task(argument))?,
        }
    };
    let race = threads(1 + workers, |worker| {
        if worker == 0 { hand_out() } else { do_tasks() }?;
        Ok(Tally::default())
    })?;
    Ok(race.sample(tasks))
}

fn check(results: Vec<u64>, tasks: u64) -> Outcome<()> {
    let (count, sum) = (results.len() as u64, results.iter().sum::<u64>());
    let right = (0..tasks).map(double).sum::<u64>();
    match (count, sum) == (tasks, right) {
        true => Ok(()),
        false => {
            Err(format!("of {tasks} results with the sum {right}, {count} came with the sum {sum}")
                .into())
        }
    }
}
