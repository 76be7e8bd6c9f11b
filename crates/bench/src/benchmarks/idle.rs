//! Waiting: what a process that is blocked for a second costs the processors.

use std::thread;
use std::time::Duration;

use ipc_common::{Queue, pipe};

use crate::outcome::Outcome;
use crate::peers::channel::{Channel, End};
use crate::peers::crossbeam_channel::{BOUND, Crossbeam};
use crate::peers::socket::Packets;
use crate::results::measure::Measure;
use crate::results::measure::Section;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::race::{Tally, processes, threads};

#[cfg(feature = "peers")]
use crate::peers::cloudtoid::Cloudtoid;
#[cfg(feature = "peers")]
use crate::peers::ipc_channel_channel::Typed;

/// An operation is a millisecond of waiting.
const SECOND: u64 = 1000;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    vec![queue(), connection()]
}

fn new(name: &str, title: &str) -> Benchmark {
    Benchmark::new(name, title, Measure::Processor).section(Section::Waiting).exactly(SECOND)
}

fn queue() -> Benchmark {
    let benchmark = new("idle-queue", "a second in get of a queue, processor time")
        .peer(Peer::IpcCommon, |n| between_processes(&Queue::new()?, n))
        .python(&["idle", "queue"])
        .faster_fifo(&["idle", "queue"]);
    #[cfg(feature = "peers")]
    let benchmark = benchmark
        .peer(Peer::IpcChannel, |n| between_processes(&Typed::new()?, n))
        .peer(Peer::Cloudtoid, |n| between_processes(&Cloudtoid::new()?, n));
    benchmark.peer(Peer::Sockets, |n| between_processes(&Packets::new()?, n)).peer(
        Peer::Threads,
        |n| {
            let channel = Crossbeam::bounded(BOUND);
            Ok(threads(2, |worker| wait_or_wake(&channel, worker, n))?.sample_of(WAITER, n))
        },
    )
}

fn connection() -> Benchmark {
    new("idle-pipe", "a second in recv of a pipe, processor time")
        .peer(Peer::IpcCommon, |n| {
            let (there, back) = pipe::<u64, u64>()?;
            between_processes(&End { there: &there, back: &back }, n)
        })
        .python(&["idle", "pipe"])
}

fn between_processes(channel: &impl Channel<u64>, milliseconds: u64) -> Outcome<Sample> {
    let race = processes(2, |worker| wait_or_wake(channel, worker, milliseconds))?;
    Ok(race.sample_of(WAITER, milliseconds))
}

/// The worker that waits; the other one ends its waiting.
const WAITER: usize = 0;

fn wait_or_wake(channel: &impl Channel<u64>, worker: usize, milliseconds: u64) -> Outcome<Tally> {
    if worker == WAITER {
        channel.get()?;
    } else {
        thread::sleep(Duration::from_millis(milliseconds));
        channel.put(&0)?;
    }
    Ok(Tally::default())
}
