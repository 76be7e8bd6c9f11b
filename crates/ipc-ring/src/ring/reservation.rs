//! Putting one item into a [`Ring`]: room for it is reserved, and it is written where it will lie.

use std::ptr::NonNull;

use ipc_error::{Error, Result};
use ipc_sync::internal::Deadline;

use crate::ring::Ring;
use crate::ring::data::write_word;
use crate::ring::put::Turn;
use crate::ring::record::{Shape, WORD};

impl Ring {
    /// Puts an item in.
    pub fn put(&self, item: &[u8], deadline: Deadline) -> Result<()> {
        let mut reservation = self.reserve(item.len(), deadline)?;
        reservation.write(item);
        reservation.commit();
        Ok(())
    }

    /// Puts an item of `size` bytes in, fewer than 16: the first of them lowest.
    #[inline]
    pub fn put_short(&self, bytes: u128, size: usize, deadline: Deadline) -> Result<()> {
        self.reserve(size, deadline)?.commit_short(bytes);
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
        let shape = Shape::of_item(size as u64);
        if size > self.largest_item() {
            return Err(self.too_large(size));
        }
        let turn = self.take_turn(shape.record(), deadline, is_full)?;
        let tail = turn.tail;
        let room = |_| self.room(tail, shape.record() + WORD);
        let start = self.wait_for_room(turn.count, deadline, room)?;
        let data = self.view_to_write(tail, start, shape.record())?;
        Ok(Reservation { ring: self, turn, data, start, shape, written: 0 })
    }
}

/// Room for an item, which is not visible yet. Holds the producers' mutex.
#[must_use = "without `commit` the item is not there"]
#[derive(Debug)]
pub struct Reservation<'a> {
    ring: &'a Ring,
    turn: Turn<'a>,
    /// The ring's first byte, in a view that is long enough.
    data: NonNull<u8>,
    start: u64,
    shape: Shape,
    written: u64,
}

impl Reservation<'_> {
    /// Writes the item's next bytes.
    ///
    /// # Panics
    ///
    /// If they are more than were reserved.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) {
        let Shape { head, item } = self.shape;
        assert!(bytes.len() as u64 <= item - self.written, "a reservation is not exceeded");
        let target = self.start + head + self.written;
        // SAFETY: `room` says that the reserved bytes are free, and no other producer writes now.
        unsafe {
            let target = self.data.as_ptr().add(target as usize);
            target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.written += bytes.len() as u64;
    }

    /// Writes the whole record, of an item of fewer than 16 bytes, and makes it visible.
    #[inline]
    fn commit_short(self, bytes: u128) {
        let Reservation { ring, turn, data, start, shape, .. } = self;
        assert!(shape.item < 16, "the item is short");
        let record = bytes << 8 | u128::from(shape.item);
        // SAFETY: as in `write`, for all words of the record.
        unsafe {
            write_word(data, start, record as u64);
            if shape.record() > WORD {
                write_word(data, start + WORD, (record >> 64) as u64);
            }
        }
        ring.publish(&turn, data, start, shape.record(), 1);
    }

    /// Makes the item visible.
    ///
    /// # Panics
    ///
    /// If not all of it was written.
    #[inline]
    pub fn commit(self) {
        let Reservation { ring, turn, data, start, shape, written } = self;
        assert!(written == shape.item, "a reserved item is written");
        // SAFETY: as in `write`: these bytes are the record's first.
        unsafe {
            match shape.head {
                1 => data.add(start as usize).write(shape.word() as u8),
                _ => write_word(data, start, shape.word()),
            }
        }
        ring.publish(&turn, data, start, shape.record(), 1);
    }
}
