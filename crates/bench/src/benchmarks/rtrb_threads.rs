//! rtrb's ring, from one thread to another.

use std::hint::{black_box, spin_loop};
use std::sync::Mutex;
use std::thread::yield_now;

use rtrb::{Consumer, Producer, RingBuffer};

use crate::benchmarks::payload::Payload;
use crate::benchmarks::shape::Shape;
use crate::outcome::Outcome;
use crate::peers::crossbeam_channel::BOUND;
use crate::results::sample::Sample;
use crate::runner::race::{Tally, threads};

const SHAPE: Shape = Shape { producers: 1, consumers: 1 };

/// Polls before the processor is left to others.
const POLLS: u32 = 64;

/// One repetition, item by item.
pub(crate) fn one_at_a_time<T: Payload>(prototype: &T, items: u64) -> Outcome<Sample> {
    let put = |producer: &mut Producer<T>| {
        let mut item = prototype.clone();
        for number in 0..items {
            item.stamp(number);
            wait_for(|| (!producer.is_full()).then_some(()));
            let pushed = producer.push(item.clone());
            debug_assert!(pushed.is_ok(), "nothing else fills it");
        }
    };
    let get = |consumer: &mut Consumer<T>| {
        let mut tally = Tally::default();
        for _ in 0..items {
            tally.add(black_box(wait_for(|| consumer.pop().ok())).number());
        }
        tally
    };
    between_threads(items, put, get)
}

/// One repetition, `batch` items at a time; their number is a multiple of it.
pub(crate) fn in_chunks<T: Payload>(prototype: &T, items: u64, batch: usize) -> Outcome<Sample> {
    let put = |producer: &mut Producer<T>| {
        let mut item = prototype.clone();
        for first in (0..items).step_by(batch) {
            wait_for(|| (producer.slots() >= batch).then_some(()));
            let chunk = producer.write_chunk_uninit(batch);
            let stamped = (first..first + batch as u64).map(|number| {
                item.stamp(number);
                item.clone()
            });
            let filled = chunk.map(|chunk| chunk.fill_from_iter(stamped));
            debug_assert_eq!(filled, Ok(batch), "nothing else fills it");
        }
    };
    let get = |consumer: &mut Consumer<T>| {
        let mut tally = Tally::default();
        while tally.count < items {
            let there = wait_for(|| Some(consumer.slots().min(batch)).filter(|&there| there > 0));
            let chunk = consumer.read_chunk(there).into_iter().flatten();
            chunk.for_each(|item| tally.add(black_box(item).number()));
        }
        tally
    };
    between_threads(items, put, get)
}

/// Each end belongs to one thread, which locks it once.
fn between_threads<T: Payload>(
    items: u64,
    put: impl Fn(&mut Producer<T>) + Sync,
    get: impl Fn(&mut Consumer<T>) -> Tally + Sync,
) -> Outcome<Sample> {
    let (producer, consumer) = RingBuffer::new(BOUND);
    let (producer, consumer) = (Mutex::new(producer), Mutex::new(consumer));
    let race = threads(SHAPE.workers(), |worker| match worker {
        0 => {
            put(&mut *producer.try_lock().map_err(|_| "rtrb has one producer")?);
            Ok(Tally::default())
        }
        _ => Ok(get(&mut *consumer.try_lock().map_err(|_| "rtrb has one consumer")?)),
    })?;
    SHAPE.check(&race, items)?;
    Ok(race.sample(items))
}

fn wait_for<R>(mut attempt: impl FnMut() -> Option<R>) -> R {
    let mut polls = 0_u32;
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        polls += 1;
        if polls.is_multiple_of(POLLS) { yield_now() } else { spin_loop() }
    }
}
