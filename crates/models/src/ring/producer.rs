//! `reserve`, `wait_for_room` and `commit`.

use super::Ring;
use super::state::{
    COUNTS, Cursor, Fault, Owner, ProducerAt as At, Put, Record, Refresh, State, WRAPS,
};

impl Ring {
    /// Takes the mutex. `None` if there is nothing to do now.
    pub(super) fn reserve(&self, state: &mut State, items: u8, words: u8) -> Option<()> {
        if state.is_closed {
            return None;
        }
        let owner_died = state.lock_producers(Owner::Producer)?;
        let tail = self.tail(state).offset;
        let is_due = tail / self.refresh != (tail + words) / self.refresh;
        let is_torn = owner_died && !self.has(Fault::SeenIsTrustedAfterDeath);
        state.producer = match is_torn || is_due {
            true => At::First { items, words, refresh: Refresh::Count },
            false => At::Room { items, words },
        };
        Some(())
    }

    /// One step of a producer that has the mutex.
    pub(super) fn produce(&self, state: &mut State) -> Option<()> {
        state.producer = match state.producer {
            At::First { items, words, refresh } => match self.refresh(state, refresh, true) {
                Refresh::Done => At::Room { items, words },
                refresh => At::First { items, words, refresh },
            },
            At::Room { .. } if state.is_closed => At::Unlock,
            At::Room { items, words } => self.look_for_room(state, items, words),
            At::Again { items, words, seen_taken, refresh } => {
                match self.refresh(state, refresh, false) {
                    Refresh::Done if state.seen_taken == seen_taken => {
                        At::Wait { items, words, taken: seen_taken }
                    }
                    Refresh::Done => At::Room { items, words },
                    refresh => At::Again { items, words, seen_taken, refresh },
                }
            }
            At::Wait { taken, .. } if state.taken == taken && !state.is_closed => return None,
            At::Wait { items, words, .. } => At::Room { items, words },
            At::Unlock => {
                state.owner = None;
                At::Idle
            }
            At::Idle => return None,
            at => self.commit(state, at),
        };
        Some(())
    }

    fn look_for_room(&self, state: &State, items: u8, words: u8) -> At {
        let need = words + u8::from(!self.has(Fault::NoRoomForMark));
        let room = self.room(state, need).filter(|_| state.seen_items() + items <= self.limit);
        match room {
            Some(start) => At::Write(Put { items, words, start, tail: self.tail(state) }),
            None => {
                let (seen_taken, refresh) = (state.seen_taken, Refresh::Count);
                At::Again { items, words, seen_taken, refresh }
            }
        }
    }

    fn commit(&self, state: &mut State, at: At) -> At {
        let counts_first = self.has(Fault::ProducerCountsFirst);
        match at {
            At::Write(put) => {
                state.write(put);
                if counts_first {
                    state.count(put);
                }
                At::StoreOffset(put)
            }
            At::StoreOffset(put) => {
                // In whatever order: nothing of it is for the present count.
                let (next, count) = self.next_producer_copy(state, put);
                state.producer_cursors.valid_at[next] = count;
                state.producer_cursors.copies[next].offset = put.start + put.words;
                At::StoreWraps(put)
            }
            At::StoreWraps(put) => {
                let wraps = put.tail.wraps + u8::from(put.start != put.tail.offset);
                let (next, _) = self.next_producer_copy(state, put);
                state.producer_cursors.copies[next].wraps = wraps % WRAPS;
                let stores = put.start < put.tail.offset && !self.has(Fault::NoWrapEnd);
                if stores { At::StoreWrapEnd(put) } else { high_water(state, put) }
            }
            At::StoreWrapEnd(put) => {
                state.wrap_end = put.tail.offset + 1;
                high_water(state, put)
            }
            At::StoreHighWater { put, high_water } => {
                state.high_water = high_water;
                At::Count(put)
            }
            At::Count(put) => {
                if !counts_first {
                    state.count(put);
                    self.forget_old_copy(state);
                }
                At::Unlock
            }
            at => unreachable!("{at:?} is no step of commit"),
        }
    }

    /// The cursor before is not read any more: fewer states.
    fn forget_old_copy(&self, state: &mut State) {
        if !self.has(Fault::ProducerHasOneCursor) && !self.has(Fault::CopyByParity) {
            let old = 1 - state.producer_cursors.place(state.put);
            state.producer_cursors.copies[old] = Cursor::default();
            state.producer_cursors.valid_at[old] = (state.put + COUNTS - 1) % COUNTS;
        }
    }

    /// Which copy is to be written, and for which count.
    fn next_producer_copy(&self, state: &State, put: Put) -> (usize, u8) {
        let counted = if self.has(Fault::ProducerCountsFirst) { put.items } else { 0 };
        let now = (state.put + COUNTS - counted) % COUNTS;
        let next = (now + put.items) % COUNTS;
        let cursors = &state.producer_cursors;
        (self.next_copy(Fault::ProducerHasOneCursor, cursors, now, next), next)
    }
}

fn high_water(state: &State, put: Put) -> At {
    let high_water = (put.start + put.words).max(put.tail.offset) + 1;
    match high_water > state.high_water {
        true => At::StoreHighWater { put, high_water },
        false => At::Count(put),
    }
}

impl State {
    /// Writes over the words of the items, and of the mark of a wrap.
    fn write(&mut self, Put { words, start, tail, .. }: Put) {
        self.overwrite(start, start + words);
        if start != tail.offset {
            self.overwrite(tail.offset, tail.offset + 1);
        }
    }

    /// The items are there.
    fn count(&mut self, Put { items, words, start, tail }: Put) {
        let mark = (start != tail.offset).then_some(tail.offset);
        let words = words / items;
        self.records.push(Record { mark, start, words });
        let more = (1..items).map(|n| Record { mark: None, start: start + n * words, words });
        self.records.extend(more);
        self.put = (self.put + items) % COUNTS;
    }
}
