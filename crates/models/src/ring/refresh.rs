//! `refresh_seen_cursor` and `give_back`, for the holder of the producers' mutex.

use super::Ring;
use super::state::{Cursor, Fault, Refresh, State};

impl Ring {
    /// One step.
    pub(super) fn refresh(&self, state: &mut State, at: Refresh, gives_back: bool) -> Refresh {
        match at {
            Refresh::Count => Refresh::Offset { taken: state.taken },
            Refresh::Offset { taken } => {
                let offset = self.cursor_at(state, taken).offset;
                Refresh::Wraps { taken, offset }
            }
            Refresh::Wraps { taken, offset } => {
                let wraps = self.cursor_at(state, taken).wraps;
                Refresh::Check { taken, cursor: Cursor { offset, wraps } }
            }
            Refresh::Check { taken, cursor } => {
                match taken == state.taken || self.has(Fault::RefreshLooksOnce) {
                    true => Refresh::StoreWraps { taken, cursor },
                    false => Refresh::Count,
                }
            }
            // The code stores the offset first, but the compiler may change that, and this is worse.
            Refresh::StoreWraps { taken, cursor } => {
                state.seen_cursor.wraps = cursor.wraps;
                Refresh::StoreOffset { taken, cursor }
            }
            Refresh::StoreOffset { taken, cursor } => {
                state.seen_cursor.offset = cursor.offset;
                Refresh::StoreCount { taken }
            }
            Refresh::StoreCount { taken } => {
                state.seen_taken = taken;
                if gives_back { Refresh::GiveBack } else { Refresh::Done }
            }
            Refresh::GiveBack => match self.give_back(state) {
                Some(from) => Refresh::StoreHighWater { from },
                None => Refresh::Done,
            },
            Refresh::StoreHighWater { from } => {
                state.high_water = from;
                Refresh::Done
            }
            Refresh::Done => Refresh::Done,
        }
    }

    fn cursor_at(&self, state: &State, taken: u8) -> Cursor {
        let cursors = &state.consumer_cursors;
        cursors.copies[self.copy(Fault::ConsumerHasOneCursor, cursors, taken)]
    }
}
