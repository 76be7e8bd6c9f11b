//! The producers' side of a [`Ring`].

use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

use ipc_error::{Error, Result};
use ipc_sync::internal::{Count, Deadline, StateGuard};
use ipc_trace::internal::depart;

use crate::ring::Ring;
use crate::ring::data::{REFRESH, keep, write_word};
use crate::ring::layout::{Control, Cursor, Producers, WORD, WRAP, record_len};

impl Ring {
    /// Puts an item in.
    pub fn put(&self, item: &[u8], deadline: Deadline) -> Result<()> {
        let mut reservation = self.reserve(item.len(), deadline)?;
        reservation.write(item);
        reservation.commit();
        Ok(())
    }

    /// Waits until there is room for an item of `size` bytes. It is there for consumers when the
    /// reservation is committed, and not at all if that is dropped before. Other producers wait
    /// meanwhile.
    #[inline]
    pub fn reserve(&self, size: usize, deadline: Deadline) -> Result<Reservation<'_>> {
        self.reserve_unless(size, deadline, || self.len() >= self.limit)
    }

    /// The same without any wait, not even for a producer that is at work: `None` if there is no room
    /// now.
    pub fn try_reserve(&self, size: usize) -> Result<Option<Reservation<'_>>> {
        match self.reserve_unless(size, Deadline::NOW, || true) {
            Err(Error::Full) => Ok(None),
            reserved => reserved.map(Some),
        }
    }

    #[inline]
    fn reserve_unless(
        &self,
        size: usize,
        deadline: Deadline,
        is_full: impl FnOnce() -> bool,
    ) -> Result<Reservation<'_>> {
        let record = record_len(size as u64);
        // With half of the ring, there is room on one side or the other whenever it is drained.
        let limit = self.end() / 2 / WORD * WORD - WORD;
        if record > limit {
            return Err(Error::TooLarge { size, limit: (limit - WORD) as usize });
        }
        let Control { put, producers, .. } = &*self.control;
        if put.is_closed() {
            self.close();
            return Err(Error::Closed);
        }
        let guard = StateGuard::take_until(&producers.lock, deadline, is_full)?;
        let guard = guard.ok_or(Error::Full)?;
        let count = put.count();
        let tail = producers.cursors.at(count).load();
        // What a producer had seen that died while it refreshed that is not to be trusted.
        if guard.owner_died || tail.offset / REFRESH != (tail.offset + record) / REFRESH {
            self.refresh_seen_cursor();
            self.give_back(keep(record));
        }
        let start = self.wait_for_room(count, tail, record + WORD, deadline)?;
        // The item, and a wrap mark behind it or at the tail.
        let end = (start + record).max(tail.offset) + WORD;
        let data = self.data.view(end as usize)?;
        Ok(Reservation { ring: self, data, count, tail, start, size, written: 0, _guard: guard })
    }

    /// Waits until `need` bytes are free, and returns where.
    #[inline]
    fn wait_for_room(
        &self,
        count: Count,
        tail: Cursor,
        need: u64,
        deadline: Deadline,
    ) -> Result<u64> {
        let Control { put, taken, producers, .. } = &*self.control;
        let mut has_refreshed = false;
        loop {
            if put.is_closed() {
                self.close();
                return Err(Error::Closed);
            }
            let seen_taken = producers.seen_taken.load();
            if count.since(seen_taken) < self.limit
                && let Some(start) = self.room(tail, need)
            {
                return Ok(start);
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
        self.room(tail, record_len(0) + WORD).is_some()
    }

    /// Where `need` free bytes are: at the tail, or where to wrap to. As far as has been seen.
    fn room(&self, Cursor { offset: tail, wraps }: Cursor, need: u64) -> Option<u64> {
        let Producers { seen_cursor, wrap_end, .. } = &self.control.producers;
        let (seen, wrap_end, end) = (seen_cursor.load(), wrap_end.load(Relaxed), self.end());
        let head = seen.offset;
        let fits = |start: u64, end: u64| (start + need <= end).then_some(start);
        match wraps - seen.wraps {
            // Both sides are in one stretch: head … tail.
            0 if head >= 2 * (tail - head) + REFRESH => fits(0, head).or(fits(tail, end)),
            0 => fits(tail, end).or(fits(0, head)),
            // The consumers are behind a wrap to the beginning: 0 … tail, head … wrap_end.
            1 if tail <= head => fits(tail, head).or(fits(wrap_end, end)),
            // There was no room at the beginning any more: … wrap_end … tail.
            _ => fits(tail, end),
        }
    }
}

/// Room for an item, which is not visible yet. Holds the producers' mutex.
#[must_use = "without `commit` the item is not there"]
#[derive(Debug)]
pub struct Reservation<'a> {
    ring: &'a Ring,
    /// The ring's first byte, in a view that is long enough.
    data: NonNull<u8>,
    count: Count,
    tail: Cursor,
    start: u64,
    size: usize,
    written: usize,
    _guard: StateGuard<'a>,
}

impl Reservation<'_> {
    /// Writes the item's next bytes.
    ///
    /// # Panics
    ///
    /// If they are more than were reserved.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.size - self.written, "a reservation is not exceeded");
        let target = self.start + WORD + self.written as u64;
        // SAFETY: `room` says that the reserved bytes are free, and no other producer writes now.
        unsafe {
            let target = self.data.as_ptr().add(target as usize);
            target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.written += bytes.len();
    }

    /// Makes the item visible.
    ///
    /// # Panics
    ///
    /// If not all of it was written.
    #[inline]
    pub fn commit(self) {
        let Reservation { ring, data, count, tail, start, size, written, _guard } = self;
        assert!(written == size, "a reserved item is written");
        let Control { put, producers, .. } = &*ring.control;
        // SAFETY: `room` says that these bytes are free, and no other producer writes now. Behind
        // the tail there is always room for a wrap mark.
        unsafe {
            if start != tail.offset {
                write_word(data, tail.offset, WRAP | start);
            }
            write_word(data, start, size as u64);
        }
        let end = start + record_len(size as u64);
        let wraps = tail.wraps + u64::from(start != tail.offset);
        producers.cursors.at(count.next()).store(Cursor { offset: end, wraps });
        if start < tail.offset {
            producers.wrap_end.store(tail.offset + WORD, Relaxed);
        }
        let high_water = end.max(tail.offset) + WORD;
        if high_water > producers.high_water.load(Relaxed) {
            producers.high_water.store(high_water, Relaxed);
        }
        producers.no_room.forget();
        depart(ring.trace_id(), count.number());
        if let Some(bell) = &ring.bell {
            bell.ring_once(producers);
        }
        put.add_one();
    }
}
