//! Parties that meet at a barrier, which breaks whenever one of them is killed there.

use std::time::Duration;

use ipc_common::Error;

use crate::shared::world::{Outcome, Part, World};

/// Steps are of these kinds.
pub(crate) const LAST: u8 = 0;
pub(crate) const OTHER: u8 = 1;
pub(crate) const BROKEN: u8 = 2;

/// Longer than any process is stopped.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn meet(world: &World<'_>, mut part: Part<'_>) -> Outcome {
    loop {
        match world.barrier.wait_timeout(PATIENCE) {
            Ok(true) => part.step(LAST, 0)?,
            Ok(false) => part.step(OTHER, 0)?,
            Err(Error::BrokenBarrier) => {
                part.step(BROKEN, 0)?;
                part.pause()?;
                // If another has made it whole meanwhile, to do so once more breaks its round.
                if world.barrier.is_broken() {
                    world.barrier.reset()?;
                }
            }
            Err(e) => return Err(e.into()),
        }
    }
}
