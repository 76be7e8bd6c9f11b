//! [`Shape`]: numbers of producers and consumers, between which no item may be lost.

use std::hint::black_box;

use crate::benchmarks::payload::Payload;
use crate::outcome::Outcome;
use crate::peers::channel::Channel;
use crate::results::sample::Sample;
use crate::runner::race::{Race, Tally, processes, threads};

/// How many put, and how many get.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// How many put.
    pub producers: usize,
    /// How many get.
    pub consumers: usize,
}

impl Shape {
    pub(crate) fn workers(self) -> usize {
        self.producers + self.consumers
    }

    /// A number of items of which each worker gets the same share.
    pub(crate) fn round_up(self, items: u64) -> u64 {
        items.next_multiple_of((self.producers * self.consumers) as u64)
    }

    /// One worker's share: producers come first. Producers count nothing.
    pub(crate) fn work<T: Payload>(
        self,
        channel: &impl Channel<T>,
        prototype: &T,
        items: u64,
        worker: usize,
    ) -> Outcome<Tally> {
        let mut tally = Tally::default();
        if worker < self.producers {
            let share = items / self.producers as u64;
            let first = worker as u64 * share;
            let mut item = prototype.clone();
            for number in first..first + share {
                item.stamp(number);
                channel.put(&item)?;
            }
        } else {
            for _ in 0..items / self.consumers as u64 {
                tally.add(black_box(channel.get()?).number());
            }
        }
        Ok(tally)
    }

    /// Refuses a race in which not every item was got exactly once.
    pub(crate) fn check(self, race: &Race, items: u64) -> Outcome<()> {
        let Tally { count, sum } = race.tally();
        let right = (0..items).fold(0_u64, u64::wrapping_add);
        match (count, sum) == (items, right) {
            true => Ok(()),
            false => Err(format!(
                "of {items} items with the sum {right}, {count} came with the sum {sum}"
            )
            .into()),
        }
    }
}

/// One repetition between processes.
pub(crate) fn between_processes<T: Payload>(
    channel: &impl Channel<T>,
    prototype: &T,
    shape: Shape,
    items: u64,
) -> Outcome<Sample> {
    let items = shape.round_up(items);
    let race = processes(shape.workers(), |worker| shape.work(channel, prototype, items, worker))?;
    shape.check(&race, items)?;
    Ok(race.sample(items))
}

/// One repetition between threads of this process.
///
/// # Errors
///
/// If the channel fails, or an item was lost or came twice.
pub fn between_threads<T: Payload>(
    channel: &(impl Channel<T> + Sync),
    prototype: &T,
    shape: Shape,
    items: u64,
) -> Outcome<Sample> {
    let items = shape.round_up(items);
    let race = threads(shape.workers(), |worker| shape.work(channel, prototype, items, worker))?;
    shape.check(&race, items)?;
    Ok(race.sample(items))
}
