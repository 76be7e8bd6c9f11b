//! The consumers' side of a [`Ring`].

use std::hint;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::fence;

use ipc_error::{Error, Result};
use ipc_sync::internal::{Count, Deadline, EventCount, StateGuard};
use ipc_trace::internal::{arrive, is_on};

use crate::ring::Ring;
use crate::ring::data::read_word;
use crate::ring::layout::{Consumers, Control, Cursor};
use crate::ring::record::{Head, Shape, WORD, read_head};

/// Taking each item at once makes its cache line go back and forth between the two sides. Every
/// `EVERY`th time that the ring is empty, a consumer pauses, and keeps pausing while at least
/// `WORTH` items come meanwhile.
const EVERY: u32 = 128;
const PAUSES: u32 = 64;
const WORTH: u32 = 4;

impl Ring {
    /// Takes the first item, and appends it to `into`.
    pub fn get(&self, into: &mut Vec<u8>, deadline: Deadline) -> Result<()> {
        let first = self.first(deadline)?;
        into.extend_from_slice(first.bytes());
        first.commit();
        Ok(())
    }

    /// Waits for the first item. It is taken when the result is committed, and stays if that is
    /// dropped before. Other consumers wait meanwhile.
    #[inline]
    pub fn first(&self, deadline: Deadline) -> Result<First<'_>> {
        let first = self.look(deadline);
        self.looked(&first);
        first
    }

    /// The same, of which the bell is not told: see [`looked`](Ring::looked).
    #[inline(always)] // what it returns is large, and not moved if it is in line
    pub(crate) fn look(&self, deadline: Deadline) -> Result<First<'_>> {
        let Control { taken, consumers, .. } = &*self.control;
        let guard = StateGuard::take_until(&consumers.lock, deadline, || self.is_empty())?;
        let Some(guard) = guard else { return Err(Error::Empty) };
        let count = taken.count();
        if consumers.seen_put.load() == count {
            self.wait_for_item(count, deadline)?;
        }
        let from = consumers.cursors.at(count).load();
        let mut at = from;
        let (word, shape) = loop {
            let word = self.word_at(at)?;
            match read_head(word) {
                Head::Item(shape) => break (word, shape),
                Head::Wrap(offset) => at = Cursor { offset, wraps: at.wraps + 1 },
            }
        };
        let data = self.data.view((at.offset + shape.head + shape.item) as usize)?;
        // SAFETY: the view is longer than this.
        let item = unsafe { data.add((at.offset + shape.head) as usize) };
        let item = NonNull::slice_from_raw_parts(item, shape.item as usize);
        Ok(First { ring: self, count, from, at, word, item, guard })
    }

    /// The word at a cursor of the consumers behind which there is an item.
    #[inline]
    fn word_at(&self, cursor: Cursor) -> Result<u64> {
        let data = self.data.view((cursor.offset + WORD) as usize)?;
        // SAFETY: the count says that a record, or a wrap mark to it, begins there, and no producer
        // writes there until it is taken.
        Ok(unsafe { read_word(data, cursor.offset) })
    }

    /// Waits until more items were put than taken, which are `count`.
    #[cold]
    fn wait_for_item(&self, count: Count, deadline: Deadline) -> Result<()> {
        let Control { put, consumers, producers, .. } = &*self.control;
        loop {
            let is_closed = put.is_closed();
            // (In a small ring not enough can gather.)
            if deadline != Deadline::NOW && self.limit > 64 {
                consumers.pause_if_it_pays(put, count);
            }
            consumers.seen_put.store(put.count());
            if consumers.seen_put.load() != count {
                return Ok(());
            }
            if is_closed {
                // A producer may have found it open just before, and now be at work.
                let producer = StateGuard::take_until(&producers.lock, deadline, || false)?;
                let _producer = producer.ok_or(Error::Empty)?;
                match put.count() == count {
                    true => {
                        self.close();
                        return Err(Error::Closed);
                    }
                    false => continue,
                }
            }
            if !self.wait_for_put(count, deadline) {
                return Err(Error::Empty);
            }
        }
    }
}

impl Consumers {
    fn pause_if_it_pays(&self, put: &EventCount, count: Count) {
        let polls = self.empty_polls.load(Relaxed);
        if polls < EVERY {
            return self.empty_polls.store(polls + 1, Relaxed);
        }
        (0..PAUSES).for_each(|_| hint::spin_loop());
        let pays = put.count().since(count) >= WORTH;
        self.empty_polls.store(if pays { EVERY } else { 0 }, Relaxed);
    }
}

/// The first item, which is still in the ring. Holds the consumers' mutex.
#[must_use = "without `commit` the item stays"]
#[derive(Debug)]
pub struct First<'a> {
    pub(crate) ring: &'a Ring,
    count: Count,
    /// Where the consumers' cursor stands, and where the record is.
    from: Cursor,
    pub(crate) at: Cursor,
    /// The record's first.
    word: u64,
    item: NonNull<[u8]>,
    guard: StateGuard<'a>,
}

impl First<'_> {
    /// How many items were taken before it.
    pub fn count(&self) -> Count {
        self.count
    }

    /// The item.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the record was complete when it was counted, and no process writes there until it
        // is taken, which only the holder of the mutex does.
        unsafe { self.item.as_ref() }
    }

    /// The item, if it has fewer than 8 bytes: the first of them lowest, and how many.
    #[inline]
    pub fn short(&self) -> Option<(u64, usize)> {
        (self.item.len() < WORD as usize).then_some((self.word >> 8, self.item.len()))
    }

    /// Where the next record begins.
    pub(crate) fn end(&self) -> u64 {
        self.at.offset + Shape::of_item(self.item.len() as u64).record()
    }

    /// Takes it.
    #[inline]
    pub fn commit(self) {
        let end = self.end();
        self.take(1, end);
    }

    /// Takes it and the items behind it, `items` in all, the last of which ends at `head`.
    #[inline]
    pub(crate) fn take(self, items: u32, head: u64) {
        let First { ring, count, from, at, guard, .. } = self;
        let Control { taken, consumers, .. } = &*ring.control;
        let next = count.after(items);
        fence(Release); // a reader that sees what is written now sees the count before it
        consumers.cursors.prepare(count, next, Cursor { offset: head, wraps: at.wraps });
        taken.add(items);
        if is_on() {
            (0..items).for_each(|n| arrive(ring.trace_id(), count.after(n).number()));
        }
        let is_drained = consumers.seen_put.load() == next;
        let keep = ring.keep(head - at.offset);
        if is_drained && head > keep || head < from.offset && from.offset > keep {
            ring.give_back_if_idle(keep);
        }
        drop(guard);
        if is_drained && ring.bell.is_some() {
            ring.drained();
        }
    }
}
