//! `first`, `several`, `wait_for_item`, `wait_for_put`, `take` and `give_back_if_idle`.

use super::Ring;
use super::state::{COUNTS, ConsumerAt as At, Cursor, Fault, Owner, Record, Refresh, State, WRAPS};

impl Ring {
    /// One step. `None` if there is nothing to do now.
    pub(super) fn consume(&self, state: &mut State) -> Option<()> {
        state.consumer = match state.consumer {
            At::Idle if state.has_ended => return None,
            At::Idle if state.seen_put == state.taken => At::SeePut { was_closed: state.is_closed },
            At::Idle => self.read(state),
            At::SeePut { was_closed } => {
                state.seen_put = state.put;
                match was_closed {
                    _ if state.seen_put != state.taken => self.read(state),
                    true if self.has(Fault::EndWithoutLook) => self.end(state),
                    true => At::LockProducers,
                    false => At::Wait,
                }
            }
            At::Wait if state.put == state.taken && !state.is_closed => return None,
            At::Wait => At::SeePut { was_closed: state.is_closed },
            At::LockProducers => {
                state.lock_producers(Owner::Consumer)?;
                At::LookAgain
            }
            At::LookAgain => {
                state.owner = None;
                match state.put == state.taken {
                    true => self.end(state),
                    false => At::SeePut { was_closed: true },
                }
            }
            At::MayGiveBack { from, head } => self.may_give_back(state, from, head),
            At::GiveBack(refresh) => match self.refresh(state, refresh, true) {
                Refresh::Done => {
                    state.owner = None;
                    At::Idle
                }
                refresh => At::GiveBack(refresh),
            },
            at => self.commit_first(state, at),
        };
        Some(())
    }

    fn end(&self, state: &mut State) -> At {
        state.has_ended = true;
        At::Idle
    }

    /// Follows the cursor to the first record.
    fn read(&self, state: &mut State) -> At {
        let cursors = &state.consumer_cursors;
        let from = cursors.copies[self.copy(Fault::ConsumerHasOneCursor, cursors, state.taken)];
        let first = state.records.first().copied();
        let is_there = |record: &Record| record.mark.unwrap_or(record.start) == from.offset;
        let Some(record) = first.filter(is_there) else {
            state.is_astray = true;
            return At::Idle;
        };
        At::Reading { from, record }
    }

    /// Instead of the first item alone. `None` if the second is not known, or behind a wrap.
    pub(super) fn take_two(&self, state: &mut State) -> Option<()> {
        let At::Reading { from, record } = state.consumer else { return None };
        let seen = (state.seen_put + COUNTS - state.taken) % COUNTS;
        let second = *state.records.get(1).filter(|second| seen > 1 && second.mark.is_none())?;
        let record = Record { words: record.words + second.words, ..record };
        state.consumer = self.begin_commit(state, 2, from, record);
        Some(())
    }

    fn begin_commit(&self, state: &mut State, items: u8, from: Cursor, record: Record) -> At {
        if self.has(Fault::ConsumerCountsFirst) {
            state.count_taken(items);
        }
        At::StoreOffset { items, from, record }
    }

    /// Which copy is to be written, and for which count.
    fn next_consumer_copy(&self, state: &State, items: u8) -> (usize, u8) {
        let counted = if self.has(Fault::ConsumerCountsFirst) { items } else { 0 };
        let now = (state.taken + COUNTS - counted) % COUNTS;
        let next = (now + items) % COUNTS;
        let cursors = &state.consumer_cursors;
        (self.next_copy(Fault::ConsumerHasOneCursor, cursors, now, next), next)
    }

    fn commit_first(&self, state: &mut State, at: At) -> At {
        match at {
            At::Reading { from, record } => self.begin_commit(state, 1, from, record),
            At::StoreOffset { items, from, record } => {
                let (next, count) = self.next_consumer_copy(state, items);
                state.consumer_cursors.valid_at[next] = count;
                state.consumer_cursors.copies[next].offset = record.start + record.words;
                At::StoreWraps { items, from, record }
            }
            At::StoreWraps { items, from, record } => {
                let (next, _) = self.next_consumer_copy(state, items);
                let wraps = (from.wraps + u8::from(record.mark.is_some())) % WRAPS;
                state.consumer_cursors.copies[next].wraps = wraps;
                At::Count { items, from, record }
            }
            At::Count { items, from, record } => {
                if !self.has(Fault::ConsumerCountsFirst) {
                    state.count_taken(items);
                }
                At::MayGiveBack { from, head: record.start + record.words }
            }
            at => unreachable!("{at:?} is no step of commit"),
        }
    }

    /// In the midst of a wait, at whose end the consumer looks again.
    pub(super) fn give_back_idle(&self, state: &mut State) -> Option<()> {
        let has_much = state.high_water > self.keep;
        has_much.then(|| state.lock_producers(Owner::Consumer))??;
        state.consumer = At::GiveBack(Refresh::Count);
        Some(())
    }

    fn may_give_back(&self, state: &mut State, from: Cursor, head: u8) -> At {
        let is_drained = state.seen_put == state.taken;
        let pays = is_drained && head > self.keep || head < from.offset && from.offset > self.keep;
        match pays && state.lock_producers(Owner::Consumer).is_some() {
            true => At::GiveBack(Refresh::Count),
            false => At::Idle,
        }
    }
}

impl State {
    /// The first items are not there any more.
    fn count_taken(&mut self, items: u8) {
        self.records.drain(..usize::from(items));
        self.taken = (self.taken + items) % COUNTS;
    }
}
