//! Where there is room: `Ring::room`, and `give_back`.

use super::Ring;
use super::state::{Cursor, Cursors, Fault, State, WRAPS};

/// Records of more words rather go back to the beginning than to memory that was never used.
const LARGE: u8 = 2;

impl Ring {
    /// The producers' cursor.
    pub(super) fn tail(&self, state: &State) -> Cursor {
        let cursors = &state.producer_cursors;
        cursors.copies[self.copy(Fault::ProducerHasOneCursor, cursors, state.put)]
    }

    /// Which of the two copies of a side's cursor is valid at a count.
    pub(super) fn copy(&self, one_copy: Fault, cursors: &Cursors, count: u8) -> usize {
        match self.fault {
            Some(fault) if fault == one_copy => 0,
            Some(Fault::CopyByParity) => usize::from(count % 2),
            _ => cursors.place(count),
        }
    }

    /// Which of them is to be written for the count `next`.
    pub(super) fn next_copy(
        &self,
        one_copy: Fault,
        cursors: &Cursors,
        count: u8,
        next: u8,
    ) -> usize {
        match self.fault {
            Some(fault) if fault == one_copy => 0,
            Some(Fault::CopyByParity) => usize::from(next % 2),
            _ => 1 - cursors.place(count),
        }
    }

    pub(super) fn wraps_between(&self, seen: Cursor, tail: Cursor) -> u8 {
        (tail.wraps + WRAPS - seen.wraps) % WRAPS
    }

    /// Where `need` free words are, as far as has been seen.
    pub(super) fn room(&self, state: &State, need: u8) -> Option<u8> {
        let (seen, wrap_end, end) = (state.seen_cursor, state.wrap_end, self.end);
        let (tail, head) = (self.tail(state).offset, seen.offset);
        let fits = |start: u8, end: u8| (start + need <= end).then_some(start);
        let is_memory_to_take = need > LARGE && tail + need > state.high_water;
        match self.wraps_between(seen, self.tail(state)) {
            0 if is_memory_to_take
                || i16::from(head)
                    >= 2 * (i16::from(tail) - i16::from(head)) + i16::from(self.refresh) =>
            {
                fits(0, head).or(fits(tail, end))
            }
            0 => fits(tail, end).or(fits(0, head)),
            1 if tail <= head => fits(tail, head).or(fits(wrap_end, end)),
            _ => fits(tail, end),
        }
    }

    /// Gives memory back; the end of what stays, if it did.
    pub(super) fn give_back(&self, state: &mut State) -> Option<u8> {
        let tail = self.tail(state);
        let is_behind = tail.wraps != state.seen_cursor.wraps;
        if state.high_water <= self.keep || is_behind && !self.has(Fault::GivesBackBehindWrap) {
            return None;
        }
        let is_drained = state.put == state.seen_taken;
        let from = if is_drained { 0 } else { tail.offset + 1 }.max(self.keep);
        state.overwrite(from, state.high_water);
        Some(from)
    }
}
