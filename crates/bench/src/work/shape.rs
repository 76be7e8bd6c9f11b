//! [`Shape`]: so many producers and so many consumers, none of whom may lose an item.

use std::hint::black_box;

use crate::channel::Channel;
use crate::payload::Payload;
use crate::race::{Race, Tally, processes, threads};
use crate::{Outcome, Sample};

/// How many put, and how many get.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) producers: usize,
    pub(crate) consumers: usize,
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

pub(crate) fn between_threads<T: Payload>(
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

#[cfg(test)]
mod tests {
    use super::{Shape, between_threads};
    use crate::Outcome;
    use crate::channel::Channel;
    use crate::crossbeam_channel::Crossbeam;

    /// Delivers item 3 in place of item 4.
    struct Unreliable(Crossbeam<u64>);

    impl Channel<u64> for Unreliable {
        fn put(&self, item: &u64) -> Outcome<()> {
            self.0.put(if *item == 4 { &3 } else { item })
        }

        fn get(&self) -> Outcome<u64> {
            self.0.get()
        }
    }

    #[test]
    fn an_item_that_is_lost_or_comes_twice_is_noticed() {
        let shape = Shape { producers: 2, consumers: 3 };
        let sample = between_threads(&Crossbeam::unbounded(), &0, shape, 8).unwrap();
        assert_eq!(sample.operations, 12, "each worker gets the same share");
        let lost = between_threads(&Unreliable(Crossbeam::unbounded()), &0, shape, 8).unwrap_err();
        assert_eq!(lost.to_string(), "of 12 items with the sum 66, 12 came with the sum 65");
    }
}
