//! Queues: how many items get through in batches.

use std::hint::black_box;

use ipc_common::{JoinableQueue, Queue};

use crate::benchmarks::payload::{Order, Payload};
use crate::benchmarks::shape::Shape;
use crate::outcome::Outcome;
use crate::peers::channel::Channel;
use crate::peers::crossbeam_channel::{BOUND, Crossbeam};
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::race::{Race, Tally, processes, threads};

#[cfg(feature = "peers")]
use crate::benchmarks::rtrb_threads;

/// How many items are put and got at once.
const BATCH: usize = 64;

const SHAPE: Shape = Shape { producers: 1, consumers: 1 };

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    let joinable = "joinable queue, u64, 1 → 1, 64 at a time";
    vec![
        many("queue-many-u64", "queue, u64, 1 → 1, 64 at a time", "int", || 0_u64),
        many("queue-many-struct", "queue, 64 B struct, 1 → 1, 64 at a time", "dict", Order::new),
        Benchmark::new("queue-many-joinable", joinable, Measure::Rate)
            .peer(Peer::IpcCommon, |n| between_processes(&JoinableQueue::new()?, &0_u64, n)),
    ]
}

fn many<T: Payload + 'static>(name: &str, title: &str, kind: &str, new: fn() -> T) -> Benchmark {
    let benchmark = Benchmark::new(name, title, Measure::Rate)
        .peer(Peer::IpcCommon, move |n| between_processes(&Queue::new()?, &new(), n))
        .faster_fifo(&["many", kind])
        .peer(Peer::Threads, move |n| between_threads(&Crossbeam::bounded(BOUND), &new(), n));
    #[cfg(feature = "peers")]
    let benchmark = benchmark.peer(Peer::Rtrb, move |n| {
        rtrb_threads::in_chunks(&new(), n.next_multiple_of(BATCH as u64), BATCH)
    });
    benchmark
}

/// A way for batches.
trait Batches<T> {
    fn put(&self, items: &[T]) -> Outcome<()>;

    /// Waits for some, which it appends.
    fn get(&self, into: &mut Vec<T>) -> Outcome<()>;

    /// After the last `put`.
    fn finish(&self) -> Outcome<()> {
        Ok(())
    }
}

impl<T: Payload> Batches<T> for Queue<T> {
    fn put(&self, items: &[T]) -> Outcome<()> {
        Ok(self.put_many(items)?)
    }

    fn get(&self, into: &mut Vec<T>) -> Outcome<()> {
        self.get_many(into, BATCH)?;
        Ok(())
    }
}

impl<T: Payload> Batches<T> for JoinableQueue<T> {
    fn put(&self, items: &[T]) -> Outcome<()> {
        Ok(self.put_many(items)?)
    }

    fn get(&self, into: &mut Vec<T>) -> Outcome<()> {
        let got = self.get_many(into, BATCH)?;
        Ok(self.task_done_many(got)?)
    }

    fn finish(&self) -> Outcome<()> {
        Ok(self.join()?)
    }
}

/// Threads hand over whole vectors.
impl<T: Payload> Batches<T> for Crossbeam<Vec<T>> {
    fn put(&self, items: &[T]) -> Outcome<()> {
        Channel::put(self, &items.to_vec())
    }

    fn get(&self, into: &mut Vec<T>) -> Outcome<()> {
        *into = Channel::get(self)?;
        Ok(())
    }
}

/// The first worker puts, the other gets.
fn work<T: Payload>(
    way: &impl Batches<T>,
    prototype: &T,
    items: u64,
    worker: usize,
) -> Outcome<Tally> {
    let mut tally = Tally::default();
    if worker < SHAPE.producers {
        let mut batch = vec![prototype.clone(); BATCH];
        for first in (0..items).step_by(BATCH) {
            (first..).zip(&mut batch).for_each(|(number, item)| item.stamp(number));
            way.put(&batch)?;
        }
        way.finish()?;
    } else {
        let mut batch = Vec::new();
        while tally.count < items {
            way.get(&mut batch)?;
            batch.drain(..).for_each(|item| tally.add(black_box(item).number()));
        }
    }
    Ok(tally)
}

fn sample(race: &Race, items: u64) -> Outcome<Sample> {
    SHAPE.check(race, items)?;
    Ok(race.sample(items))
}

fn between_processes<T: Payload>(way: &impl Batches<T>, prototype: &T, n: u64) -> Outcome<Sample> {
    let items = n.next_multiple_of(BATCH as u64);
    sample(&processes(SHAPE.workers(), |worker| work(way, prototype, items, worker))?, items)
}

fn between_threads<T: Payload>(
    way: &(impl Batches<T> + Sync),
    prototype: &T,
    n: u64,
) -> Outcome<Sample> {
    let items = n.next_multiple_of(BATCH as u64);
    sample(&threads(SHAPE.workers(), |worker| work(way, prototype, items, worker))?, items)
}
