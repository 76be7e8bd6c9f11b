//! The two sides of a stream.

use std::thread;

use ipc_common::Error;

use crate::shared::item::Item;
use crate::shared::report::Record;
use crate::shared::world::{Outcome, Part, Stream, World};

/// After so many items a producer joins its queue, if that can be joined.
const ROUND: u64 = 16;

/// Items that a consumer takes before it deals with them.
const IN_HAND: usize = 3;

/// After one of so many items a consumer rests.
const SELDOM: u64 = 256;

/// Puts items in until all producers are to end.
pub(crate) fn produce(world: &World<'_>, stream: &Stream, mut part: Part<'_>) -> Outcome {
    for number in part.first.. {
        if world.finish.is_set() {
            break;
        }
        stream.channel.put(Item::new(part.index, number, stream.sizes))?;
        part.report.say(Record::Put(number))?;
        if number % ROUND == 0 {
            join(stream, &mut part)?;
        }
        while stream.channel.len() > stream.most && !world.finish.is_set() {
            part.pause()?;
        }
    }
    part.report.flush()?;
    join(stream, &mut part)
}

/// Waits until consumers have dealt with all items, and reports those that were lost.
fn join(stream: &Stream, part: &mut Part<'_>) -> Outcome {
    loop {
        match stream.channel.join() {
            Ok(()) => return Ok(()),
            Err(Error::ItemsLost { items, .. }) => part.report.say(Record::Lost(items))?,
            Err(e) => return Err(e.into()),
        }
    }
}

/// Gets items until no more will come.
pub(crate) fn consume(stream: &Stream, mut part: Part<'_>) -> Outcome {
    let mut in_hand = 0;
    while let Some(item) = get(stream, &mut part, &mut in_hand)? {
        if let Some(fault) = item.fault(stream.sizes) {
            return Err(format!("{}: {fault}", stream.name).into());
        }
        let Item { producer, number, .. } = item;
        part.report.say(Record::Got { producer, number })?;
        in_hand += 1;
        if part.random.below(SELDOM) == 0 {
            thread::sleep(part.random.microseconds(3_000)); // so that some are killed with items in hand
        }
        if in_hand == IN_HAND {
            finish(stream, &mut part, &mut in_hand)?;
        }
    }
    finish(stream, &mut part, &mut in_hand)?;
    Ok(part.report.flush()?)
}

/// Deals with the items in hand before it blocks: producers that join wait for them.
fn get(
    stream: &Stream,
    part: &mut Part<'_>,
    in_hand: &mut usize,
) -> Result<Option<Item>, Box<dyn std::error::Error>> {
    match stream.channel.try_get() {
        Err(Error::Empty) => {}
        got => return Ok(got?),
    }
    finish(stream, part, in_hand)?;
    part.report.flush()?;
    Ok(stream.channel.get()?)
}

fn finish(stream: &Stream, part: &mut Part<'_>, in_hand: &mut usize) -> Outcome {
    while *in_hand > 0 {
        if stream.channel.finished()? {
            part.report.say(Record::Finished)?;
        }
        *in_hand -= 1;
    }
    Ok(())
}
