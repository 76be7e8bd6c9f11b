//! What the sides of a [`Ring`](crate::ring::Ring) keep in shared memory.

use std::ops::Deref;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use bytemuck::Zeroable;
use ipc_sync::internal::{AtomicCount, Count, EventCount, RobustMutex};

#[derive(Debug, Zeroable)]
#[repr(C)]
pub(crate) struct Control {
    pub put: EventCount,
    pub taken: EventCount,
    pub producers: Producers,
    pub consumers: Consumers,
}

#[derive(Debug, Zeroable)]
#[repr(C, align(128))]
pub(crate) struct Producers {
    pub lock: RobustMutex,
    pub cursors: Cursors,
    /// The consumers' cursor and count when a producer last read them: they may be further by now.
    pub seen_cursor: SharedCursor,
    pub seen_taken: AtomicCount,
    /// When a producer last found no room for its item.
    pub(crate) no_room: NoRoom,
    /// The end of the bytes that were in use before the last wrap.
    pub wrap_end: AtomicU64,
    /// 1 if the bell has rung since it was silenced.
    pub has_rung: AtomicU32,
    pub high_water: HighWater,
}

/// The end of the bytes that have taken memory. A consumer reads it each time that it waits, which must
/// not take the lines from the producers that these write.
#[derive(Debug, Zeroable)]
#[repr(C, align(128))]
pub(crate) struct HighWater(AtomicU64);

impl Deref for HighWater {
    type Target = AtomicU64;
    fn deref(&self) -> &AtomicU64 {
        &self.0
    }
}

#[derive(Debug, Zeroable)]
#[repr(C, align(128))]
pub(crate) struct Consumers {
    pub lock: RobustMutex,
    pub cursors: Cursors,
    /// The producers' count when a consumer last read it: it may be further by now.
    pub seen_put: AtomicCount,
    /// How often a consumer found the ring empty since it last paused in vain.
    pub empty_polls: AtomicU32,
}

/// That there was no room, and how many items had been taken then. Room comes only with the next.
#[derive(Debug, Zeroable)]
#[repr(transparent)]
pub(crate) struct NoRoom(AtomicU32);

impl NoRoom {
    /// Set beside the number of a count, which is below 2³⁰.
    const NOTED: u32 = 1 << 31;

    pub(crate) fn note(&self, taken: Count) {
        self.0.store(taken.number() | Self::NOTED, Relaxed);
    }

    /// An item was put after all, by which one is to judge from now on.
    #[inline]
    pub(crate) fn forget(&self) {
        if self.0.load(Relaxed) != 0 {
            self.0.store(0, Relaxed);
        }
    }

    pub(crate) fn is_noted_at(&self, taken: Count) -> bool {
        self.0.load(Relaxed) == taken.number() | Self::NOTED
    }
}

/// Where a side stands: an offset into the data, and how often it has wrapped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    pub offset: u64,
    pub wraps: u64,
}

#[derive(Debug, Zeroable)]
#[repr(C)]
pub(crate) struct SharedCursor {
    offset: AtomicU64,
    wraps: AtomicU64,
}

impl SharedCursor {
    #[inline]
    pub(crate) fn load(&self) -> Cursor {
        Cursor { offset: self.offset.load(Relaxed), wraps: self.wraps.load(Relaxed) }
    }

    #[inline]
    pub(crate) fn store(&self, cursor: Cursor) {
        self.offset.store(cursor.offset, Relaxed);
        self.wraps.store(cursor.wraps, Relaxed);
    }
}

/// A side's cursor, and a copy to write the next one to. Each says at which count of the side it is
/// valid, and what is being written is never for the present count.
#[derive(Debug, Zeroable)]
#[repr(C)]
pub(crate) struct Cursors {
    valid_at: [AtomicCount; 2],
    copies: [SharedCursor; 2],
}

impl Cursors {
    /// The one that is valid at this count of the side.
    #[inline]
    pub(crate) fn at(&self, count: Count) -> &SharedCursor {
        &self.copies[self.place(count)]
    }

    /// Writes the one that is valid when the count, which is `now`, has become `next`.
    #[inline]
    pub(crate) fn prepare(&self, now: Count, next: Count, cursor: Cursor) {
        let place = 1 - self.place(now);
        self.valid_at[place].store(next);
        self.copies[place].store(cursor);
    }

    #[inline]
    fn place(&self, count: Count) -> usize {
        usize::from(self.valid_at[0].load() != count)
    }
}
