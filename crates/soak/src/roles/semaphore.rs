//! Permits that one process makes and another takes.

use crate::shared::world::{Outcome, Part, World};

/// With so many permits the releaser pauses.
const MOST: u32 = 100;

pub(crate) fn release(world: &World<'_>, mut part: Part<'_>) -> Outcome {
    loop {
        world.permits.release()?;
        part.step(0, 0)?;
        while world.permits.value() > MOST {
            part.pause()?;
        }
    }
}

pub(crate) fn acquire(world: &World<'_>, mut part: Part<'_>) -> Outcome {
    loop {
        let timeout = part.random.microseconds(2_000);
        if !world.permits.try_acquire() && !world.permits.acquire_timeout(timeout) {
            world.permits.acquire();
        }
        part.step(0, 0)?;
    }
}
