//! Putting several items into a [`Ring`] as one step.

use ipc_error::{Error, Result};
use ipc_sync::internal::{Deadline, EventCount};

use crate::ring::Ring;
use crate::ring::layout::Cursor;
use crate::ring::record::{Records, WORD, first_records};

/// At most so many bytes become visible as one step, unless they are one item: consumers can begin
/// meanwhile, and the bytes are still in the cache.
pub(crate) const REACH: usize = 32 << 10;

const MOST: usize = EventCount::MOST_AT_ONCE as usize;

impl Ring {
    /// Adds items to records that are to be put into this ring. `write` appends each to what it is given;
    /// or it returns the item's bytes, if they are less than 16: the first of them lowest, and how many.
    ///
    /// # Errors
    ///
    /// Those of `write`, and [`Error::TooLarge`]; then the records are not to be used.
    #[inline]
    pub fn push_records<T>(
        &self,
        records: &mut Records<'_>,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(T, &mut Vec<u8>) -> Result<(u128, usize)>,
    ) -> Result<()> {
        let largest = self.largest_item();
        records.extend(items, |item, bytes| {
            let before = bytes.len();
            let few = write(item, bytes)?;
            match bytes.len() - before {
                size if size > largest => Err(self.too_large(size)),
                _ => Ok(few),
            }
        })
    }

    /// Puts the items of records in, in order, as many as can be until the deadline. How many they were,
    /// and why not more.
    ///
    /// They become visible in few steps: a process that is killed has put the first of them, or none.
    pub fn put_many(&self, records: &Records<'_>, deadline: Deadline) -> (usize, Option<Error>) {
        let (mut rest, mut left) = (records.bytes(), records.count());
        while left > 0 {
            match self.put_some(rest, left, deadline) {
                Ok((count, len)) => (rest, left) = (&rest[len..], left - count),
                Err(error) => return (records.count() - left, Some(error)),
            }
        }
        (records.count(), None)
    }

    /// Waits until there is room for the first of these records, and puts as many as fit and can be
    /// one step. How many items, and bytes.
    fn put_some(&self, records: &[u8], count: usize, deadline: Deadline) -> Result<(usize, usize)> {
        let (count, len) = match count <= MOST && records.len() <= REACH {
            true => (count, records.len()),
            false => first_records(records, MOST, REACH),
        };
        let turn = self.take_turn(len as u64, deadline, || self.len() >= self.limit)?;
        let seen = self.control.producers.seen_taken.load();
        if turn.count.since(seen) as usize + count > self.limit as usize {
            self.refresh_seen_cursor();
        }
        let records = &records[..len];
        let most_that_fit = |items| match items as usize {
            items if items < count => self.most_that_fit(turn.tail, records, items, None),
            _ => self.most_that_fit(turn.tail, records, count, Some(len)),
        };
        let (start, count, len) = self.wait_for_room(turn.count, deadline, most_that_fit)?;
        let data = self.view_to_write(turn.tail, start, len as u64)?;
        // SAFETY: `room` says that these bytes are free, and no other producer writes now.
        unsafe {
            let target = data.as_ptr().add(start as usize);
            target.copy_from_nonoverlapping(records.as_ptr(), len);
        }
        self.publish(&turn, data, start, len as u64, count as u32);
        Ok((count, len))
    }

    /// Where there is room for the first of these records, how many of them, and how many bytes they
    /// are, which may be known: `count`, or half of it, and so on.
    fn most_that_fit(
        &self,
        tail: Cursor,
        records: &[u8],
        count: usize,
        len: Option<usize>,
    ) -> Option<(u64, usize, usize)> {
        let len = len.unwrap_or_else(|| first_records(records, count, usize::MAX).1);
        match self.room(tail, len as u64 + WORD) {
            Some(start) => Some((start, count, len)),
            None if count > 1 => self.most_that_fit(tail, records, count / 2, None),
            None => None,
        }
    }
}
