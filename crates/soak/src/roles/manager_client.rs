//! Clients of a manager whose server lives as long as the soak.

use crate::shared::item::{Item, Sizes};
use crate::shared::report::Record;
use crate::shared::world::{Outcome, Part, World};

/// What the items of the list are like.
pub(crate) const SIZES: Sizes = Sizes::Mixed;

/// Puts items on the list and takes others from it; sets a key of its own, which no other changes.
pub(crate) fn use_manager(world: &World<'_>, mut part: Part<'_>) -> Outcome {
    let key = part.index;
    let mut before = world.dict.get(&key)?.unwrap_or(0);
    for number in part.first.. {
        world.list.push(&Item::new(part.index, number, SIZES))?;
        part.report.say(Record::Put(number))?;
        let was = world.dict.insert(&key, &number)?.unwrap_or(0);
        let is = world.dict.get(&key)?.unwrap_or(0);
        if was != before || is != number || was >= number {
            let expected = format!("{before} and then {number}");
            return Err(format!("dict: had {was} and then {is} instead of {expected}").into());
        }
        before = number;
        // What the killed leave behind is taken, too.
        for _ in 0..2 {
            let Some(item) = world.list.pop()? else { break };
            if let Some(fault) = item.fault(SIZES) {
                return Err(format!("list: {fault}").into());
            }
            part.report.say(Record::Got { producer: item.producer, number: item.number })?;
        }
    }
    Ok(())
}
