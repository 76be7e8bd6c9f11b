//! A value of two words that are always equal, but while a process changes them.

use crate::shared::world::{Outcome, Part, World};

/// Adds one to both words, again and again.
pub(crate) fn book(world: &World<'_>, mut part: Part<'_>) -> Outcome {
    loop {
        let mut words = world.ledger.lock()?;
        let [first, second] = *words;
        if first != second && !words.owner_died() {
            let what = format!("ledger: {first} and {second}, and no owner has died");
            return Err(what.into());
        }
        if first.abs_diff(second) > 1 {
            return Err(format!("ledger: {first} and {second}, more than one apart").into());
        }
        let next = first.max(second) + 1;
        words[0] = next;
        if part.random.below(64) == 0 {
            std::thread::yield_now(); // so that some are killed in between
        }
        words[1] = next;
        drop(words);
        part.step(0, next)?;
    }
}
