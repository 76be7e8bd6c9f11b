//! The ways to read lines of output by themselves, and whether these contradict each other.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use golden::expected::{Expected, Line, LineId};
use golden::names::NameId;

/// One way to read a line of output by itself, whatever stands around it.
pub(crate) struct Reading<'o> {
    /// None if it may be a line of the outside world.
    pub(crate) line: Option<LineId>,
    /// The process ids in it.
    pub(crate) ids: Vec<Id<'o>>,
}

/// A process id in a line of output, and where it begins.
#[derive(Clone, Copy)]
pub(crate) struct Id<'o> {
    pub(crate) start: usize,
    pub(crate) value: &'o str,
    pub(crate) name: NameId,
}

/// All ways to read a line of output.
pub(crate) fn readings<'o>(expected: &Expected, text: &'o str) -> Vec<Reading<'o>> {
    let nothing_known = vec![None; expected.names.0.len()];
    let id = |(name, value): (NameId, Option<&'o str>)| {
        let value = value.filter(|_| expected.names.is_distinct(name))?;
        Some(Id { start: value.as_ptr().addr() - text.as_ptr().addr(), value, name })
    };
    let of_line = |(line, expected_line): (LineId, &Line)| match &expected_line.pattern {
        None => vec![Reading { line: None, ids: Vec::new() }],
        Some(pattern) => {
            let ways = pattern.readings(text, &expected.names, &nothing_known).into_iter();
            ways.map(|bound| {
                let mut ids: Vec<Id<'o>> = bound.into_iter().enumerate().filter_map(id).collect();
                ids.sort_by_key(|id| id.start);
                Reading { line: Some(line), ids }
            })
            .collect()
        }
    };
    expected.lines.iter().enumerate().flat_map(of_line).collect()
}

pub(crate) struct Readings<'e, 'o> {
    pub(crate) expected: &'e Expected,
    /// All readings of each line of output.
    pub(crate) lines: Vec<Rc<Vec<Reading<'o>>>>,
}

impl<'e, 'o> Readings<'e, 'o> {
    /// Whether the lines contradict the expected ones, in whatever order they come.
    pub(crate) fn are_certainly_wrong(&self) -> bool {
        self.are_too_few_or_too_many()
            || self.lack_a_line()
            || self.names_disagree()
            || self.counts_disagree()
    }

    fn are_too_few_or_too_many(&self) -> bool {
        let is_ours =
            |readings: &&Rc<Vec<Reading<'_>>>| readings.iter().any(|way| way.line.is_some());
        let ours = self.lines.iter().filter(is_ours).count();
        let expected = self.expected.lines.iter().filter(|line| line.pattern.is_some()).count();
        let has_outside = expected < self.expected.lines.len();
        ours < expected || !has_outside && (ours > expected || ours < self.lines.len())
    }

    /// Whether there is an expected line that no line can be.
    fn lack_a_line(&self) -> bool {
        let can_be = |line: LineId| {
            self.lines.iter().flat_map(|one| one.iter()).any(|one| one.line == Some(line))
        };
        let mut lines = self.expected.lines.iter().enumerate();
        lines.any(|(id, line)| line.pattern.is_some() && !can_be(id))
    }

    /// Whether lines that are certain give a name two values, or two names one.
    fn names_disagree(&self) -> bool {
        let certain = self.lines.iter().filter(|readings| readings.len() == 1);
        let known: Vec<&Id<'_>> =
            certain.flat_map(|readings| readings.iter()).flat_map(|one| &one.ids).collect();
        known
            .iter()
            .any(|one| known.iter().any(|two| (one.name == two.name) != (one.value == two.value)))
    }

    /// Whether the values occur in other numbers of lines than the names: of two processes that are each named in
    /// two lines, none is named in one.
    fn counts_disagree(&self) -> bool {
        let mut values: BTreeMap<&str, usize> = BTreeMap::new();
        for readings in &self.lines {
            let Some(ids) = ids(readings) else { return false };
            for id in ids {
                *values.entry(id.value).or_default() += 1;
            }
        }
        let mut names: BTreeMap<NameId, usize> = BTreeMap::new();
        for pattern in self.expected.lines.iter().filter_map(|line| line.pattern.as_ref()) {
            // How often each of several names occurs is not certain.
            if pattern.name_places().any(|place| place.len() > 1) {
                return false;
            }
            let in_line: BTreeSet<NameId> = pattern.name_places().flatten().copied().collect();
            for name in in_line.into_iter().filter(|&name| self.expected.names.is_distinct(name)) {
                *names.entry(name).or_default() += 1;
            }
        }
        let sorted = |mut counts: Vec<usize>| {
            counts.sort_unstable();
            counts
        };
        sorted(values.into_values().collect()) != sorted(names.into_values().collect())
    }
}

/// The ids of a line, if all its readings have them in the same places.
pub(crate) fn ids<'r, 'o>(readings: &'r [Reading<'o>]) -> Option<&'r [Id<'o>]> {
    let spans = |reading: &Reading<'o>| -> Vec<(usize, &'o str)> {
        reading.ids.iter().map(|id| (id.start, id.value)).collect()
    };
    let (first, others) = readings.split_first()?;
    others.iter().all(|other| spans(other) == spans(first)).then_some(&first.ids)
}
