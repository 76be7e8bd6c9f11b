//! The ring's two sides: `put.rs`, `put_many.rs`, `get.rs`, `get_many.rs` and `data.rs` in
//! `ipc-ring/src/ring`.
//!
//! A producer puts items of different lengths again and again, a consumer takes them; or both one or
//! two at once. Either may be
//! killed at each step, and the next one of its side takes its place. The memory is some words long,
//! so that every way to wrap and to run out of room is gone. What is in the memory is not modelled, but
//! which words hold records that were put and not yet taken: no step may write to them or give them
//! back, and a consumer must come to the first of them.
//!
//! Steps are single stores and loads of what the other side reads, or what the next producer reads
//! after a death: the two copies of each cursor, `seen_cursor` and `seen_taken`, `wrap_end`,
//! `high_water`, `seen_put`, the counts. What only the holder of a mutex reads is read in one step.
//!
//! Not modelled: the mutexes and the sleep on a count, which have models of their own (here a thread
//! that is to wait takes no step until the count has changed, or gives up); the length of an item in the
//! memory; counts beyond a small number, but they wrap around here, too; that a mapping grows; weak
//! memory, for which `orderings` stands.
//!
//! If you change the order of stores in `commit` or `refresh_seen_cursor`, or the cases of `room`,
//! `give_back`, `wait_for_item` and `wait_for_put`, change them here.

mod consumer;
mod memory;
mod producer;
mod refresh;
mod state;
mod tests;

use stateright::{Model, Property};

use state::{Action, ConsumerAt, Fault, ProducerAt, State};

struct Ring {
    /// The words of the memory.
    end: u8,
    /// Words instead of bytes: how often the consumers' cursor is read, and what is kept.
    refresh: u8,
    keep: u8,
    /// The ring is full with this number of items.
    limit: u8,
    closes: bool,
    /// Two items are put and taken at once, and otherwise empty ones.
    by_twos: bool,
    fault: Option<Fault>,
}

impl Model for Ring {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        match state.producer {
            ProducerAt::Idle if self.by_twos => actions.extend([Action::Put(0), Action::PutTwo]),
            // An item has up to half of the memory.
            ProducerAt::Idle => actions.extend((0..self.end / 2 - 1).map(Action::Put)),
            ProducerAt::Wait { .. } => actions.extend([Action::Produce, Action::PutTimesOut]),
            _ => actions.push(Action::Produce),
        }
        match state.consumer {
            ConsumerAt::Reading { .. } if self.by_twos => {
                actions.extend([Action::Consume, Action::ConsumeTwo, Action::GetEnds]);
            }
            ConsumerAt::Wait => {
                actions.extend([Action::Consume, Action::WaitLong, Action::GetEnds]);
            }
            ConsumerAt::Reading { .. } => actions.extend([Action::Consume, Action::GetEnds]),
            _ => actions.push(Action::Consume),
        }
        if self.closes && !state.is_closed {
            actions.push(Action::Close);
        }
        if state.producer != ProducerAt::Idle {
            actions.push(Action::KillProducer);
        }
        if state.consumer != ConsumerAt::Idle {
            actions.push(Action::KillConsumer);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Put(item) => self.reserve(&mut state, 1, 1 + item)?,
            Action::PutTwo => self.reserve(&mut state, 2, 2)?,
            Action::Produce => self.produce(&mut state)?,
            Action::PutTimesOut => state.producer = ProducerAt::Unlock,
            Action::Consume => self.consume(&mut state)?,
            Action::ConsumeTwo => self.take_two(&mut state)?,
            Action::WaitLong => self.give_back_idle(&mut state)?,
            Action::GetEnds => state.consumer = ConsumerAt::Idle,
            Action::Close => state.is_closed = true,
            Action::KillProducer => state.kill_producer(),
            Action::KillConsumer => state.kill_consumer(),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no word in use is written", |_, state: &State| {
                !state.has_overwritten
            }),
            Property::always("the consumer comes to the first item", |_, state: &State| {
                !state.is_astray
            }),
            Property::always("no item comes after the end", |_, state: &State| {
                !state.has_ended || state.records.is_empty()
            }),
            Property::sometimes("both sides have wrapped", |_, state: &State| {
                state.seen_cursor.wraps > 1 && state.consumer_cursors.copies[0].wraps > 1
            }),
            Property::sometimes("a producer is two wraps ahead", |model, state: &State| {
                model.wraps_between(state.seen_cursor, model.tail(state)) == 2 || model.closes
            }),
            Property::sometimes("the end is said", |model, state: &State| {
                state.has_ended || !model.closes
            }),
        ]
    }
}

impl Ring {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}
