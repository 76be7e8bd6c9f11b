//! [`Trouble`]: what happens to the processes.

use std::io;
use std::time::{Duration, Instant};

use crate::shared::random::Random;
use crate::supervisor::slot::Slot;

/// What was done.
#[derive(Default, Debug)]
pub(crate) struct Trouble {
    pub(crate) kills: u64,
    pub(crate) stops: u64,
}

impl Trouble {
    /// Kills one process, or stops one for a while, or lets all be, as chance has it.
    pub(crate) fn make(&mut self, slots: &mut [Slot], random: &mut Random) -> io::Result<()> {
        let which = random.below(slots.len() as u64) as usize;
        let slot = &mut slots[which];
        match random.below(32) {
            0..4 if !slot.is_killed => {
                slot.kill(random.below(4) == 0).map_err(io::Error::other)?;
                self.kills += 1;
            }
            4..7 if !slot.is_killed && slot.stopped_until.is_none() => {
                slot.stop(Instant::now() + how_long(random))?;
                self.stops += 1;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Mostly a moment, sometimes long enough that others notice.
fn how_long(random: &mut Random) -> Duration {
    match random.below(16) {
        0 => random.microseconds(300_000),
        1..4 => random.microseconds(30_000),
        _ => random.microseconds(2_000),
    }
}
