//! The bytes of a [`Ring`]: reading, writing, and giving memory back.

use std::ptr::NonNull;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::atomic::fence;
use std::time::Duration;

use ipc_sync::internal::{Count, Deadline, StateGuard};

use crate::ring::Ring;
use crate::ring::layout::Control;
use crate::ring::record::WORD;

/// Producers read the consumers' cursor once in this number of bytes, and wrap when at least as many
/// are free at the beginning.
pub(crate) const REFRESH: u64 = 16 << 10;

/// A record of this length is put where memory is, if it can be, and not where it must be taken first:
/// that takes ten times as long as to write it.
pub(crate) const LARGE: u64 = 1 << 20;

/// A drained ring keeps the memory that 16 items like the last need, within these bounds: those that follow
/// close behind find it warm.
const KEEP_AT_LEAST: u64 = 16 << 20;
const KEEP_AT_MOST: u64 = 256 << 20;
/// What it keeps when a consumer has waited for `IDLE`, or in vain.
const KEEP_IDLE: u64 = 64 << 20;
const IDLE: Duration = Duration::from_millis(100);

impl Ring {
    /// How much memory to keep after a record of this length. Beyond `KEEP_IDLE` it is not more than a
    /// 16th of what the ring may take.
    pub(crate) fn keep(&self, record: u64) -> u64 {
        let most = KEEP_AT_MOST.min(self.end() / 16).max(KEEP_IDLE);
        (16 * record).clamp(KEEP_AT_LEAST, most)
    }

    /// Waits until more were put than `count`; `false` if the deadline came first. Caller holds the
    /// consumers' mutex.
    pub(crate) fn wait_for_put(&self, count: Count, deadline: Deadline) -> bool {
        let Control { put, producers, .. } = &*self.control;
        if deadline != Deadline::NOW && producers.high_water.load(Relaxed) > KEEP_IDLE {
            if put.wait_while(count, Deadline::after(IDLE).or_before(deadline)) {
                return true;
            }
            self.give_back_if_idle(KEEP_IDLE);
        }
        put.wait_while(count, deadline)
    }

    /// Reads the consumers' cursor and count. Caller holds the producers' mutex.
    pub(crate) fn refresh_seen_cursor(&self) {
        let Control { taken, producers, consumers, .. } = &*self.control;
        loop {
            let count = taken.count();
            let cursor = consumers.cursors.at(count).load();
            fence(Acquire);
            // Two steps later this cursor is written anew; one step shows in the count.
            if taken.count() == count {
                producers.seen_cursor.store(cursor);
                producers.seen_taken.store(count);
                return;
            }
        }
    }

    /// Gives free memory above `keep` back, unless a producer is at work, which will do it.
    #[cold]
    pub(crate) fn give_back_if_idle(&self, keep: u64) {
        let producers = &self.control.producers;
        let guard = StateGuard::take_until(&producers.lock, Deadline::NOW, || true);
        if let Ok(Some(_guard)) = guard {
            self.refresh_seen_cursor();
            self.give_back(keep);
        }
    }

    /// Gives free memory above `keep` back. Caller holds the producers' mutex and has just
    /// refreshed the consumers' cursor.
    pub(crate) fn give_back(&self, keep: u64) {
        let Control { put, producers, .. } = &*self.control;
        let high_water = producers.high_water.load(Relaxed);
        let cursor = producers.cursors.at(put.count()).load();
        if high_water <= keep || cursor.wraps != producers.seen_cursor.load().wraps {
            return;
        }
        let is_drained = put.count() == producers.seen_taken.load();
        let tail = if is_drained { 0 } else { cursor.offset + WORD };
        let from = tail.max(keep);
        // SAFETY: the consumers have followed all wraps, so what they have not taken is below the
        // tail, and no producer writes above it, since the caller holds their mutex.
        let given_back = unsafe { self.data.give_back(from as usize, high_water as usize) };
        if given_back.is_ok() {
            producers.high_water.store(from, Relaxed);
        }
    }

    /// The end of the data.
    pub(crate) fn end(&self) -> u64 {
        self.data.size() as u64
    }
}

/// # Safety
///
/// A word must stand at `offset` that no process writes now, in a view of the data that is so long.
pub(crate) unsafe fn read_word(data: NonNull<u8>, offset: u64) -> u64 {
    // SAFETY: aligned, as all records are whole words.
    unsafe { data.add(offset as usize).cast::<u64>().read() }
}

/// # Safety
///
/// The word at `offset` must be within the view, and no process may be using it.
pub(crate) unsafe fn write_word(data: NonNull<u8>, offset: u64, word: u64) {
    // SAFETY: aligned, as all records are whole words.
    unsafe { data.add(offset as usize).cast::<u64>().write(word) }
}
