//! `first`, `wait_for_item`, `commit` and `give_back_if_idle`.

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
        let from = state.consumer_cursors[self.copy(Fault::ConsumerHasOneCursor, state.taken)];
        let first = state.records.first().copied();
        let is_there = |record: &Record| record.mark.unwrap_or(record.start) == from.offset;
        let Some(record) = first.filter(is_there) else {
            state.is_astray = true;
            return At::Idle;
        };
        At::Reading { from, record }
    }

    fn commit_first(&self, state: &mut State, at: At) -> At {
        let counts_first = self.has(Fault::ConsumerCountsFirst);
        let next = state.taken + u8::from(!counts_first);
        let next = self.copy(Fault::ConsumerHasOneCursor, next);
        match at {
            At::Reading { from, record } => {
                if counts_first {
                    state.count_taken();
                }
                At::StoreOffset { from, record }
            }
            At::StoreOffset { from, record } => {
                state.consumer_cursors[next].offset = record.start + record.words;
                At::StoreWraps { from, record }
            }
            At::StoreWraps { from, record } => {
                let wraps = (from.wraps + u8::from(record.mark.is_some())) % WRAPS;
                state.consumer_cursors[next].wraps = wraps;
                At::Count { from, record }
            }
            At::Count { from, record } => {
                if !counts_first {
                    state.count_taken();
                }
                At::MayGiveBack { from, head: record.start + record.words }
            }
            at => unreachable!("{at:?} is no step of commit"),
        }
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
    /// The first item is not there any more.
    fn count_taken(&mut self) {
        self.records.remove(0);
        self.taken = (self.taken + 1) % COUNTS;
    }
}
