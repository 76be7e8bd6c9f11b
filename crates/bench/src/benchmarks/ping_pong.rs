//! There and back again: how long a number takes through a queue or a pipe to another process, and
//! its answer back.

use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Child, Process, Queue, pipe};

use crate::outcome::Outcome;
use crate::peers::channel::{Channel, End};
use crate::peers::crossbeam_channel::{BOUND, Crossbeam};
use crate::peers::socket::{Bare, Packets};
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::race::{Tally, processes, threads};

#[cfg(feature = "peers")]
use crate::peers::ipc_channel_channel::Typed;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    vec![queue(), busy(), connection()]
}

fn queue() -> Benchmark {
    let benchmark = Benchmark::new("queue-ping-pong", "two queues, there and back", Measure::Time)
        .peer(Peer::IpcCommon, |n| through(&Queue::new()?, &Queue::new()?, n))
        .python(&["ping-pong", "queue"]);
    #[cfg(feature = "peers")]
    let benchmark =
        benchmark.peer(Peer::IpcChannel, |n| through(&Typed::new()?, &Typed::new()?, n));
    benchmark
        .peer(Peer::Sockets, |n| through(&Packets::new()?, &Packets::new()?, n))
        .peer(Peer::Threads, |n| {
            through_threads(&Crossbeam::bounded(BOUND), &Crossbeam::bounded(BOUND), n)
        })
        .peer(Peer::ThreadsUnbounded, |n| {
            through_threads(&Crossbeam::unbounded(), &Crossbeam::unbounded(), n)
        })
}

/// Beside a process for each processor that computes all the while.
fn busy() -> Benchmark {
    let title = "two queues, there and back, all processors busy";
    let benchmark = Benchmark::new("queue-busy", title, Measure::Time)
        .peer(Peer::IpcCommon, |n| beside_others(|| through(&Queue::new()?, &Queue::new()?, n)));
    benchmark
        .peer(Peer::Sockets, |n| beside_others(|| through(&Packets::new()?, &Packets::new()?, n)))
        .peer(Peer::Threads, |n| {
            beside_others(|| {
                through_threads(&Crossbeam::bounded(BOUND), &Crossbeam::bounded(BOUND), n)
            })
        })
}

/// They compute for as long as `work` takes, or for a minute if this process is killed.
fn beside_others(work: impl FnOnce() -> Outcome<Sample>) -> Outcome<Sample> {
    let begin = Instant::now();
    let compute = || while begin.elapsed() < Duration::from_secs(60) {};
    let start = |_| Process::new(compute).daemon(true).start();
    let processors = thread::available_parallelism()?.get();
    let others = (0..processors).map(start).collect::<ipc_common::Result<Vec<Child>>>()?;
    let sample = work();
    for other in others {
        other.kill()?;
        other.join()?;
    }
    sample
}

fn connection() -> Benchmark {
    Benchmark::new("pipe-ping-pong", "pipe, there and back", Measure::Time)
        .peer(Peer::IpcCommon, |n| {
            let (left, right) = pipe::<u64, u64>()?;
            between_processes(&left, &right, n)
        })
        .python(&["ping-pong", "pipe"])
        .peer(Peer::Limit, |n| {
            let (left, right) = Bare::pair()?;
            between_processes(&left, &right, n)
        })
}

fn through<C: Channel<u64>>(there: &C, back: &C, rounds: u64) -> Outcome<Sample> {
    between_processes(&End { there, back }, &End { there: back, back: there }, rounds)
}

fn between_processes(
    left: &impl Channel<u64>,
    right: &impl Channel<u64>,
    rounds: u64,
) -> Outcome<Sample> {
    let race = processes(2, |worker| match worker {
        0 => serve(left, rounds),
        _ => answer(right, rounds),
    })?;
    Ok(race.sample(rounds))
}

fn through_threads<C: Channel<u64> + Sync>(there: &C, back: &C, rounds: u64) -> Outcome<Sample> {
    let race = threads(2, |worker| match worker {
        0 => serve(&End { there, back }, rounds),
        _ => answer(&End { there: back, back: there }, rounds),
    })?;
    Ok(race.sample(rounds))
}

fn serve(end: &impl Channel<u64>, rounds: u64) -> Outcome<Tally> {
    for number in 0..rounds {
        end.put(&number)?;
        let answer = end.get()?;
        if answer != number + 1 {
            return Err(format!("{number} was answered with {answer}").into());
        }
    }
    Ok(Tally::default())
}

fn answer(end: &impl Channel<u64>, rounds: u64) -> Outcome<Tally> {
    for _ in 0..rounds {
        let number = end.get()?;
        end.put(&(number + 1))?;
    }
    Ok(Tally::default())
}
