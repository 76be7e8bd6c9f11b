//! `reserve`, `wait_for_room` and `commit`.

use super::Ring;
use super::state::{
    COUNTS, Cursor, Fault, Owner, ProducerAt as At, Put, Record, Refresh, State, WRAPS,
};

impl Ring {
    /// Takes the mutex. `None` if there is nothing to do now.
    pub(super) fn reserve(&self, state: &mut State, words: u8) -> Option<()> {
        if state.is_closed {
            return None;
        }
        let owner_died = state.lock_producers(Owner::Producer)?;
        let tail = self.tail(state).offset;
        let is_due = tail / self.refresh != (tail + words) / self.refresh;
        let is_torn = owner_died && !self.has(Fault::SeenIsTrustedAfterDeath);
        state.producer = match is_torn || is_due {
            true => At::First { words, refresh: Refresh::Count },
            false => At::Room { words },
        };
        Some(())
    }

    /// One step of a producer that has the mutex.
    pub(super) fn produce(&self, state: &mut State) -> Option<()> {
        state.producer = match state.producer {
            At::First { words, refresh } => match self.refresh(state, refresh, true) {
                Refresh::Done => At::Room { words },
                refresh => At::First { words, refresh },
            },
            At::Room { .. } if state.is_closed => At::Unlock,
            At::Room { words } => self.look_for_room(state, words),
            At::Again { words, seen_taken, refresh } => match self.refresh(state, refresh, false) {
                Refresh::Done if state.seen_taken == seen_taken => {
                    At::Wait { words, taken: seen_taken }
                }
                Refresh::Done => At::Room { words },
                refresh => At::Again { words, seen_taken, refresh },
            },
            At::Wait { taken, .. } if state.taken == taken && !state.is_closed => return None,
            At::Wait { words, .. } => At::Room { words },
            At::Unlock => {
                state.owner = None;
                At::Idle
            }
            At::Idle => return None,
            at => self.commit(state, at),
        };
        Some(())
    }

    fn look_for_room(&self, state: &State, words: u8) -> At {
        let need = words + u8::from(!self.has(Fault::NoRoomForMark));
        let room = self.room(state, need).filter(|_| state.seen_items() < self.limit);
        match room {
            Some(start) => At::Write(Put { words, start, tail: self.tail(state) }),
            None => {
                let (seen_taken, refresh) = (state.seen_taken, Refresh::Count);
                At::Again { words, seen_taken, refresh }
            }
        }
    }

    fn commit(&self, state: &mut State, at: At) -> At {
        let counts_first = self.has(Fault::ProducerCountsFirst);
        let next = state.put + u8::from(!counts_first);
        let next = self.copy(Fault::ProducerHasOneCursor, next);
        match at {
            At::Write(put) => {
                state.overwrite(put.start, put.start + put.words);
                if put.start != put.tail.offset {
                    state.overwrite(put.tail.offset, put.tail.offset + 1);
                }
                if counts_first {
                    state.count(put);
                }
                At::StoreOffset(put)
            }
            At::StoreOffset(put) => {
                state.producer_cursors[next].offset = put.start + put.words;
                At::StoreWraps(put)
            }
            At::StoreWraps(put) => {
                let wraps = put.tail.wraps + u8::from(put.start != put.tail.offset);
                state.producer_cursors[next].wraps = wraps % WRAPS;
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
                    // It is not read any more: fewer states.
                    let old = self.copy(Fault::ProducerHasOneCursor, state.put + 1);
                    if old != next {
                        state.producer_cursors[old] = Cursor::default();
                    }
                }
                At::Unlock
            }
            at => unreachable!("{at:?} is no step of commit"),
        }
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
    /// The item is there.
    fn count(&mut self, Put { words, start, tail }: Put) {
        let mark = (start != tail.offset).then_some(tail.offset);
        self.records.push(Record { mark, start, words });
        self.put = (self.put + 1) % COUNTS;
    }
}
