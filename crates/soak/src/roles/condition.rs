//! Processes that take turns by means of a condition, without a timeout.

use crate::shared::world::{Outcome, PARTIES, Part, World};

pub(crate) fn take_turns(world: &World<'_>, mut part: Part<'_>) -> Outcome {
    // The predecessor may have been killed between its turn and the notification.
    world.changed.lock()?.notify_all();
    loop {
        let mut held = world.changed.lock()?;
        held.wait_for(|| Ok(*world.turn.lock()? % u64::from(PARTIES) == u64::from(part.index)))?;
        let mut turn = world.turn.lock()?;
        if *turn % u64::from(PARTIES) != u64::from(part.index) {
            return Err(format!("condition: turn {} has changed under its lock", *turn).into());
        }
        *turn += 1;
        drop(turn);
        held.notify_all();
        drop(held);
        part.step(0, 0)?;
    }
}
