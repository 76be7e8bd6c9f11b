//! There and back again while the machine has other work: a process that computes on each processor.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};

use ipc_common::Queue;

use crate::benchmarks::ping_pong::{through, through_threads};
use crate::outcome::Outcome;
use crate::peers::channel::Channel;
use crate::peers::crossbeam_channel::{BOUND, Crossbeam};
use crate::peers::socket::Packets;
use crate::peers::vyukov::VyukovRing;
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::busy::BusyLoops;

#[cfg(feature = "peers")]
use crate::peers::cloudtoid::Cloudtoid;
#[cfg(feature = "peers")]
use crate::peers::ipc_channel_channel::Typed;

/// A process that has used up its turn waits for milliseconds: a repetition has to see many turns.
const STRETCH: u32 = 5;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    let title = "two queues, there and back, all processors busy";
    let benchmark = Benchmark::new("queue-busy", title, Measure::Time)
        .stretched(STRETCH)
        .peer(Peer::IpcCommon, |n| busy(|| through(&Queue::new()?, &Queue::new()?, n)))
        .python(&["ping-pong-busy", "queue"])
        .faster_fifo(&["ping-pong-busy", "queue"]);
    #[cfg(feature = "peers")]
    let benchmark = benchmark
        .peer(Peer::IpcChannel, |n| busy(|| through(&Typed::new()?, &Typed::new()?, n)))
        .peer(Peer::Cloudtoid, |n| busy(|| through(&Cloudtoid::new()?, &Cloudtoid::new()?, n)));
    let benchmark = benchmark
        .peer(Peer::Sockets, |n| busy(|| through(&Packets::new()?, &Packets::new()?, n)))
        .peer(Peer::Vyukov, |n| busy(|| through(&VyukovRing::new()?, &VyukovRing::new()?, n)))
        .peer(Peer::Threads, |n| {
            busy(|| through_threads(&Crossbeam::bounded(BOUND), &Crossbeam::bounded(BOUND), n))
        })
        .peer(Peer::ThreadsUnbounded, |n| {
            busy(|| through_threads(&Crossbeam::unbounded(), &Crossbeam::unbounded(), n))
        })
        .peer(Peer::Limit, |n| busy(|| through(&BarePipe::new()?, &BarePipe::new()?, n)));
    vec![benchmark]
}

fn busy(work: impl FnOnce() -> Outcome<Sample>) -> Outcome<Sample> {
    let _loops = BusyLoops::start()?;
    work()
}

/// The system's pipe with bare numbers in it.
struct BarePipe(PipeReader, PipeWriter);

impl BarePipe {
    fn new() -> Outcome<Self> {
        let (reader, writer) = pipe()?;
        Ok(BarePipe(reader, writer))
    }
}

impl Channel<u64> for BarePipe {
    fn put(&self, item: &u64) -> Outcome<()> {
        Ok((&self.1).write_all(&item.to_le_bytes())?)
    }

    fn get(&self) -> Outcome<u64> {
        let mut item = [0; size_of::<u64>()];
        (&self.0).read_exact(&mut item)?;
        Ok(u64::from_le_bytes(item))
    }
}
