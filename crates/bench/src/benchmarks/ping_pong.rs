//! There and back again: how long a number takes through a queue or a pipe to another process, and
//! its answer back.

use ipc_common::{Queue, pipe};

use crate::outcome::Outcome;
use crate::peers::channel::{Channel, End};
use crate::peers::crossbeam_channel::{BOUND, Crossbeam};
use crate::peers::socket::{Bare, Packets};
use crate::peers::vyukov::VyukovRing;
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::race::{Tally, processes, threads};

#[cfg(feature = "peers")]
use crate::peers::cloudtoid::Cloudtoid;
#[cfg(feature = "peers")]
use crate::peers::ipc_channel_channel::Typed;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    vec![queue(), connection()]
}

fn queue() -> Benchmark {
    let benchmark = Benchmark::new("queue-ping-pong", "two queues, there and back", Measure::Time)
        .peer(Peer::IpcCommon, |n| through(&Queue::new()?, &Queue::new()?, n))
        .python(&["ping-pong", "queue"])
        .faster_fifo(&["ping-pong", "queue"]);
    #[cfg(feature = "peers")]
    let benchmark = benchmark
        .peer(Peer::IpcChannel, |n| through(&Typed::new()?, &Typed::new()?, n))
        .peer(Peer::Cloudtoid, |n| through(&Cloudtoid::new()?, &Cloudtoid::new()?, n));
    benchmark
        .peer(Peer::Sockets, |n| through(&Packets::new()?, &Packets::new()?, n))
        .peer(Peer::Vyukov, |n| through(&VyukovRing::new()?, &VyukovRing::new()?, n))
        .peer(Peer::Threads, |n| {
            through_threads(&Crossbeam::bounded(BOUND), &Crossbeam::bounded(BOUND), n)
        })
        .peer(Peer::ThreadsUnbounded, |n| {
            through_threads(&Crossbeam::unbounded(), &Crossbeam::unbounded(), n)
        })
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

pub(crate) fn through<C: Channel<u64>>(there: &C, back: &C, rounds: u64) -> Outcome<Sample> {
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

pub(crate) fn through_threads<C: Channel<u64> + Sync>(
    there: &C,
    back: &C,
    rounds: u64,
) -> Outcome<Sample> {
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
