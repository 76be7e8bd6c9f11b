//! A queue that is joined: one puts and waits until all items are done.

use ipc_common::JoinableQueue;

use crate::benchmarks::shape::Shape;
use crate::outcome::Outcome;
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::race::processes;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    [1, 4]
        .map(|consumers| {
            let shape = Shape { producers: 1, consumers };
            let title = format!("joinable queue, u64, 1 → {consumers}");
            Benchmark::new(format!("queue-joinable-1-to-{consumers}"), title, Measure::Rate)
                .peer(Peer::IpcCommon, move |n| joined(shape, n))
                .python(&["joinable", &consumers.to_string()])
        })
        .into()
}

fn joined(shape: Shape, items: u64) -> Outcome<Sample> {
    let items = shape.round_up(items);
    let queue = JoinableQueue::new()?;
    let race = processes(shape.workers(), |worker| {
        let tally = shape.work(&queue, &0_u64, items, worker)?;
        if worker < shape.producers {
            queue.join()?;
        }
        Ok(tally)
    })?;
    shape.check(&race, items)?;
    Ok(race.sample(items))
}
