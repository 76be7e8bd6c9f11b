//! [`VyukovRing`]: what numbers between processes take if nothing is done for those that are killed.

use std::hint::spin_loop;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread::yield_now;

use bytemuck::Zeroable;

use crate::outcome::Outcome;
use crate::peers::channel::Channel;
use crate::peers::shared_memory::Shared;

/// A power of two; the bound of crossbeam's channel, too.
const CAPACITY: u64 = 1024;

/// Polls before the processor is left to others.
const POLLS: u32 = 64;

/// Dmitry Vyukov's bounded queue for many producers and consumers, in shared memory.
///
/// A process takes a place by moving `tail` or `head`, and then says in the place's `turn` that it is
/// done. One that is killed in between never says so, and all others wait for that place for ever.
pub(crate) struct VyukovRing(Shared<Ring>);

#[derive(Zeroable)]
#[repr(C)]
struct Ring {
    tail: Line,
    head: Line,
    places: [Place; CAPACITY as usize],
}

/// A cache line of its own, so that producers and consumers do not disturb each other.
#[derive(Zeroable)]
#[repr(C, align(64))]
struct Line(AtomicU64);

/// In round `r`, `turn` is `r * CAPACITY + index` when it can be filled, one more when it can be taken.
#[derive(Zeroable)]
#[repr(C)]
struct Place {
    turn: AtomicU64,
    number: AtomicU64,
}

impl VyukovRing {
    pub(crate) fn new() -> Outcome<Self> {
        let ring = Shared::<Ring>::new()?;
        for (index, place) in (0..).zip(&ring.places) {
            place.turn.store(index, Relaxed);
        }
        Ok(VyukovRing(ring))
    }

    /// Waits for the place whose turn it is, `ahead` of the position that `line` counts, and takes it.
    fn take(&self, line: &Line, ahead: u64) -> (u64, &Place) {
        let mut polls = 0;
        loop {
            let position = line.0.load(Relaxed);
            let place = &self.0.places[(position % CAPACITY) as usize];
            let turn = place.turn.load(Acquire);
            if turn != position + ahead {
                wait(&mut polls);
            } else if line.0.compare_exchange_weak(position, position + 1, Relaxed, Relaxed).is_ok()
            {
                return (position, place);
            }
        }
    }
}

fn wait(polls: &mut u32) {
    *polls += 1;
    if polls.is_multiple_of(POLLS) { yield_now() } else { spin_loop() }
}

impl Channel<u64> for VyukovRing {
    fn put(&self, item: &u64) -> Outcome<()> {
        let (position, place) = self.take(&self.0.tail, 0);
        place.number.store(*item, Relaxed);
        place.turn.store(position + 1, Release);
        Ok(())
    }

    fn get(&self) -> Outcome<u64> {
        let (position, place) = self.take(&self.0.head, 1);
        let number = place.number.load(Relaxed);
        place.turn.store(position + CAPACITY, Release);
        Ok(number)
    }
}
