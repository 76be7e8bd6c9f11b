//! Taking several items out of a [`Ring`] as one step.

use std::slice;

use ipc_error::Result;
use ipc_sync::internal::{Deadline, EventCount};

use crate::ring::Ring;
use crate::ring::data::read_word;
use crate::ring::get::First;
use crate::ring::put_many::REACH;
use crate::ring::record::{Head, Records, WORD, read_head};

impl Ring {
    /// Waits for the first item. It and those that are there behind it, at most `most` in all, are taken
    /// when the result is committed, and stay if that is dropped before. Other consumers wait meanwhile.
    ///
    /// They are fewer than are there if they are long, or if a wrap is between them.
    #[inline]
    pub fn several(&self, most: usize, deadline: Deadline) -> Result<Several<'_>> {
        let most = most.min(EventCount::MOST_AT_ONCE as usize) as u32;
        let first = self.look(deadline);
        self.looked(&first);
        let first = first?;
        let (put, consumers) = (&self.control.put, &self.control.consumers);
        let mut there = consumers.seen_put.load().since(first.count());
        if there < most {
            consumers.seen_put.store(put.count());
            there = consumers.seen_put.load().since(first.count());
        }
        let (items, end) = first.more(there.min(most).max(1))?;
        Ok(Several { first, items, end })
    }
}

impl First<'_> {
    /// This item and those behind it, at most `most`, which are there: how many, and where they end.
    #[inline]
    fn more(&self, most: u32) -> Result<(u32, u64)> {
        let (mut items, mut end) = (1, self.end());
        let reach = (self.at.offset + REACH as u64).min(self.ring.end());
        if most == 1 || end + WORD > reach {
            return Ok((items, end));
        }
        let data = self.ring.data.view(reach as usize)?;
        // SAFETY: the count says that a record, or a wrap mark to it, begins there, and no producer
        // writes there until it is taken.
        let word = |at| unsafe { read_word(data, at) };
        while items < most && end + WORD <= reach {
            let first_word = word(end);
            let Head::Item(shape) = read_head(first_word) else { break };
            let record = shape.record();
            if end + record > reach {
                break;
            }
            (items, end) = (items + 1, end + record);
            // Others like it four by four: where they begin is known without a look at each.
            let is_like_it = |at| word(at) as u8 == first_word as u8;
            while shape.head == 1
                && items + 4 <= most
                && end + 4 * record <= reach
                && (0..4).all(|n| is_like_it(end + n * record))
            {
                (items, end) = (items + 4, end + 4 * record);
            }
        }
        Ok((items, end))
    }
}

/// The first items, which are still in the ring. Holds the consumers' mutex.
#[must_use = "without `commit` the items stay"]
#[derive(Debug)]
pub struct Several<'a> {
    first: First<'a>,
    items: u32,
    end: u64,
}

impl<'a> Several<'a> {
    /// How many they are.
    pub fn count(&self) -> u32 {
        self.items
    }

    /// The first of them.
    pub fn first(&self) -> &First<'a> {
        &self.first
    }

    /// Copies them.
    pub fn copy_to(&self, records: &mut Records<'_>) -> Result<()> {
        let First { ring, at, .. } = &self.first;
        let data = ring.data.view(self.end as usize)?;
        // SAFETY: the records were complete when they were counted, and no process writes there until
        // they are taken, which only the holder of the mutex does.
        let bytes = unsafe {
            let start = data.add(at.offset as usize).as_ptr();
            slice::from_raw_parts(start, (self.end - at.offset) as usize)
        };
        records.append(bytes, self.items as usize);
        Ok(())
    }

    /// Takes them.
    #[inline]
    pub fn commit(self) {
        self.first.take(self.items, self.end);
    }
}
