//! [`StreamBook`]: the items of one stream, each of which is got at most once, those of a producer by
//! each consumer in their order, and none is lost but what a killed process can have had in hand.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::judge::gaps::Gaps;

/// What the judge has to say against something.
pub(crate) type Objection = Result<(), String>;

#[derive(Debug)]
pub(crate) struct StreamBook {
    pub(crate) name: &'static str,
    is_ordered: bool,
    /// So many items can a killed process have dealt with and not reported.
    batch: u64,
    producers: BTreeMap<u8, Written>,
    /// By consumer and producer: the last item.
    last: BTreeMap<(u8, u8), u64>,
    pub(crate) got: u64,
    pub(crate) producers_killed: u64,
    pub(crate) consumers_killed: u64,
    joined: Joined,
}

/// One producer's items. Their numbers begin with 1, and a killed producer's are followed by its
/// successor's.
#[derive(Default, Debug)]
struct Written {
    /// The last that was reported, or can have been put by one that was killed.
    last: u64,
    /// What killed producers may have put, or may not.
    in_doubt: Vec<Range<u64>>,
    /// The highest that was got.
    highest: u64,
    missing: Gaps,
}

/// What a joinable queue says of lost items.
#[derive(Default, Debug)]
struct Joined {
    /// By consumer: got, and not yet finished.
    in_hand: BTreeMap<u8, u64>,
    finished: u64,
    may_be_lost: u64,
    said_to_be_lost: u64,
}

impl StreamBook {
    pub(crate) fn new(name: &'static str, batch: u64, is_ordered: bool) -> Self {
        StreamBook {
            name,
            is_ordered,
            batch,
            producers: BTreeMap::new(),
            last: BTreeMap::new(),
            got: 0,
            producers_killed: 0,
            consumers_killed: 0,
            joined: Joined::default(),
        }
    }

    /// The number of a new producer's first item.
    pub(crate) fn next_number(&mut self, producer: u8) -> u64 {
        self.producers.entry(producer).or_default().last + 1
    }

    pub(crate) fn put(&mut self, producer: u8, number: u64) -> Objection {
        let expected = self.next_number(producer);
        self.producers.entry(producer).or_default().last = number;
        if number == expected {
            return Ok(());
        }
        Err(format!(
            "{}: producer {producer} reports item {number} instead of {expected}",
            self.name
        ))
    }

    pub(crate) fn got(&mut self, consumer: u8, producer: u8, number: u64) -> Objection {
        self.got += 1;
        *self.joined.in_hand.entry(consumer).or_default() += 1;
        let written = self.producers.entry(producer).or_default();
        let which = format_args!("item {number} of producer {producer}");
        if number > written.highest {
            written.missing.add(written.highest + 1..number);
            written.highest = number;
        } else if !written.missing.remove(number) {
            return Err(format!("{}: {which} was got twice", self.name));
        }
        let last = self.last.insert((consumer, producer), number).unwrap_or(0);
        if self.is_ordered && last > number {
            return Err(format!("{}: consumer {consumer} got {last} before {which}", self.name));
        }
        Ok(())
    }

    pub(crate) fn finished(&mut self, consumer: u8) {
        self.joined.finished += 1;
        let in_hand = self.joined.in_hand.entry(consumer).or_default();
        *in_hand = in_hand.saturating_sub(1);
    }

    pub(crate) fn said_to_be_lost(&mut self, items: u32) {
        self.joined.said_to_be_lost += u64::from(items);
    }

    /// All that it reported has been read.
    pub(crate) fn producer_was_killed(&mut self, producer: u8) {
        self.producers_killed += 1;
        let written = self.producers.entry(producer).or_default();
        let in_doubt = written.last + 1..written.last + 1 + self.batch;
        written.last = in_doubt.end - 1;
        written.in_doubt.push(in_doubt);
    }

    /// As above.
    pub(crate) fn consumer_was_killed(&mut self, consumer: u8) {
        self.consumers_killed += 1;
        let in_hand = self.joined.in_hand.insert(consumer, 0).unwrap_or(0);
        self.joined.may_be_lost += in_hand + self.batch;
    }

    /// At the end, when nothing is in the stream any more: how many items were lost that were
    /// certainly put, and how many may be.
    pub(crate) fn losses(&mut self) -> (u64, u64) {
        let lost = self.producers.values_mut().map(Written::lost).sum();
        (lost, self.consumers_killed * self.batch)
    }

    /// At the end: items that were got though no producer can have put them.
    pub(crate) fn check_all_were_put(&self) -> Objection {
        let wrong = self.producers.iter().find(|(_, written)| written.highest > written.last);
        let Some((producer, Written { highest, last, .. })) = wrong else { return Ok(()) };
        let name = self.name;
        Err(format!("{name}: producer {producer} put {last} items, and item {highest} was got"))
    }

    /// Whether its consumers say what is finished.
    pub(crate) fn is_joined(&self) -> bool {
        self.joined.finished > 0
    }

    /// How many items joins have said to be lost, and how many can have been.
    pub(crate) fn losses_of_joins(&self) -> (u64, u64) {
        (self.joined.said_to_be_lost, self.joined.may_be_lost)
    }
}

impl Written {
    fn lost(&mut self) -> u64 {
        self.missing.add(self.highest + 1..self.last + 1);
        let excused: u64 = self.in_doubt.iter().map(|range| self.missing.len_within(range)).sum();
        self.missing.len() - excused
    }
}
