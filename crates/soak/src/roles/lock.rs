//! A lock, and a note of the process that has it.

use std::process;
use std::thread;

use crate::shared::world::{Outcome, Part, World};

/// Takes the lock in its three ways, and looks whether any other process has it, too.
pub(crate) fn hold(world: &World<'_>, mut part: Part<'_>) -> Outcome {
    for number in 0.. {
        let guard = match part.random.below(4) {
            0 => world.lock.try_lock()?,
            1 => world.lock.lock_timeout(part.random.microseconds(2_000))?,
            _ => Some(world.lock.lock()?),
        };
        let Some(guard) = guard else { continue };
        let before = *world.holder.lock()?;
        if before != 0 && !guard.owner_died() {
            return Err(format!("lock: had while process {before} had it").into());
        }
        *world.holder.lock()? = process::id();
        match part.random.below(256) {
            0 => thread::sleep(part.random.microseconds(2_000)),
            1..16 => thread::yield_now(),
            _ => {}
        }
        let after = *world.holder.lock()?;
        if after != process::id() {
            return Err(format!("lock: process {after} took it meanwhile").into());
        }
        *world.holder.lock()? = 0;
        drop(guard);
        part.step(0, number)?;
    }
    Ok(())
}
