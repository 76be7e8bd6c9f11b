//! The producers' side of a [`Ring`]: their turn, room for records, and how these become visible.

use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

use ipc_error::{Error, Result};
use ipc_sync::internal::{Count, Deadline, StateGuard};
use ipc_trace::internal::{depart, is_on};

use crate::ring::Ring;
use crate::ring::data::{LARGE, REFRESH, write_word};
use crate::ring::layout::{Control, Cursor, Producers};
use crate::ring::record::{Shape, WORD, wrap_mark};

impl Ring {
    /// How large an item can be.
    pub(crate) fn largest_item(&self) -> usize {
        // With half of the ring, there is room on one side or the other whenever it is drained.
        (self.end() / 2 / WORD * WORD - 2 * WORD) as usize
    }

    pub(crate) fn too_large(&self, size: usize) -> Error {
        Error::TooLarge { size, limit: self.largest_item() }
    }

    /// Waits for the producers' mutex, to put records of this length in all.
    #[inline]
    pub(crate) fn take_turn(
        &self,
        len: u64,
        deadline: Deadline,
        is_full: impl FnOnce() -> bool,
    ) -> Result<Turn<'_>> {
        let Control { put, producers, .. } = &*self.control;
        if put.is_closed() {
            self.close();
            return Err(Error::Closed);
        }
        let guard = StateGuard::take_until(&producers.lock, deadline, is_full)?;
        let Some(guard) = guard else { return Err(Error::Full) };
        let count = put.count();
        let tail = producers.cursors.at(count).load();
        // What a producer had seen that died while it refreshed that is not to be trusted.
        if guard.owner_died || tail.offset / REFRESH != (tail.offset + len) / REFRESH {
            self.refresh_seen_cursor();
            self.give_back(self.keep(len));
        }
        Ok(Turn { count, tail, _guard: guard })
    }

    /// The first byte, in a view that has these records, and a wrap mark behind them or at the tail.
    #[inline]
    pub(crate) fn view_to_write(&self, tail: Cursor, start: u64, len: u64) -> Result<NonNull<u8>> {
        self.data.view(((start + len).max(tail.offset) + WORD) as usize)
    }

    /// Waits until `find`, given how many items more there may be, finds room among the bytes that
    /// have been seen to be free, and returns what it does.
    #[inline]
    pub(crate) fn wait_for_room<R>(
        &self,
        count: Count,
        deadline: Deadline,
        find: impl Fn(u32) -> Option<R>,
    ) -> Result<R> {
        let Control { put, taken, producers, .. } = &*self.control;
        let mut has_refreshed = false;
        loop {
            if put.is_closed() {
                self.close();
                return Err(Error::Closed);
            }
            let seen_taken = producers.seen_taken.load();
            let items = count.since(seen_taken);
            if items < self.limit
                && let Some(room) = find(self.limit - items)
            {
                return Ok(room);
            }
            self.refresh_seen_cursor();
            let is_news = producers.seen_taken.load() != seen_taken;
            if !is_news {
                producers.no_room.note(seen_taken);
            }
            if is_news && !(has_refreshed && deadline.is_past()) {
                has_refreshed = true;
            } else if is_news || !taken.wait_while(seen_taken, deadline) {
                return Err(Error::Full);
            }
        }
    }

    /// Whether there is room for an empty item. Caller holds the producers' mutex.
    pub(crate) fn has_room_for_the_least(&self) -> bool {
        let Control { put, producers, .. } = &*self.control;
        self.refresh_seen_cursor();
        let tail = producers.cursors.at(put.count()).load();
        self.room(tail, Shape::of_item(0).record() + WORD).is_some()
    }

    /// Where `need` free bytes are: at the tail, or where to wrap to. As far as has been seen.
    pub(crate) fn room(&self, Cursor { offset: tail, wraps }: Cursor, need: u64) -> Option<u64> {
        let Producers { seen_cursor, wrap_end, high_water, .. } = &self.control.producers;
        let (seen, wrap_end, end) = (seen_cursor.load(), wrap_end.load(Relaxed), self.end());
        let head = seen.offset;
        let fits = |start: u64, end: u64| (start + need <= end).then_some(start);
        let is_memory_to_take = || need > LARGE && tail + need > high_water.load(Relaxed);
        match wraps - seen.wraps {
            // Both sides are in one stretch: head … tail.
            0 if head >= 2 * (tail - head) + REFRESH || is_memory_to_take() => {
                fits(0, head).or(fits(tail, end))
            }
            0 => fits(tail, end).or(fits(0, head)),
            // The consumers are behind a wrap to the beginning: 0 … tail, head … wrap_end.
            1 if tail <= head => fits(tail, head).or(fits(wrap_end, end)),
            // There was no room at the beginning any more: … wrap_end … tail.
            _ => fits(tail, end),
        }
    }

    /// Makes records visible that were written at `start`. Caller has the producers' turn.
    #[inline]
    pub(crate) fn publish(
        &self,
        turn: &Turn<'_>,
        data: NonNull<u8>,
        start: u64,
        len: u64,
        items: u32,
    ) {
        let Control { put, producers, .. } = &*self.control;
        let &Turn { count, tail, .. } = turn;
        if start != tail.offset {
            // SAFETY: behind the tail there is always room for a wrap mark, and no other producer
            // writes now.
            unsafe { write_word(data, tail.offset, wrap_mark(start)) };
        }
        let end = start + len;
        let wraps = tail.wraps + u64::from(start != tail.offset);
        producers.cursors.prepare(count, count.after(items), Cursor { offset: end, wraps });
        if start < tail.offset {
            producers.wrap_end.store(tail.offset + WORD, Relaxed);
        }
        let high_water = end.max(tail.offset) + WORD;
        if high_water > producers.high_water.load(Relaxed) {
            producers.high_water.store(high_water, Relaxed);
        }
        producers.no_room.forget();
        if is_on() {
            (0..items).for_each(|n| depart(self.trace_id(), count.after(n).number()));
        }
        if let Some(bell) = &self.bell {
            bell.ring_once(producers);
        }
        put.add(items);
    }
}

/// The producers' mutex, and where they stand.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub count: Count,
    pub tail: Cursor,
    _guard: StateGuard<'a>,
}
