//! Two events, and two processes that wake each other, without a timeout: a wake-up that is lost stops
//! both for ever.

use ipc_common::Event;

use crate::shared::world::{Outcome, Part};

/// The right to go on goes to and fro. A process that is killed may take it along, so each begins with
/// one; a second one disappears when it meets the first.
pub(crate) fn serve(mine: &Event, others: &Event, mut part: Part<'_>) -> Outcome {
    loop {
        others.set();
        mine.wait();
        mine.clear();
        part.step(0, 0)?;
    }
}
