//! [`Gaps`]: numbers that have not come, though higher ones have.

use std::collections::BTreeMap;
use std::ops::Range;

/// Ranges that do not overlap, by their starts.
#[derive(Default, Debug)]
pub(crate) struct Gaps(BTreeMap<u64, u64>);

impl Gaps {
    /// Adds a range that is higher than all others.
    pub(crate) fn add(&mut self, range: Range<u64>) {
        if !range.is_empty() {
            self.0.insert(range.start, range.end);
        }
    }

    /// Takes a number out; `false` if it is not there.
    pub(crate) fn remove(&mut self, number: u64) -> bool {
        let Some((&start, &end)) = self.0.range(..=number).next_back() else { return false };
        if number >= end {
            return false;
        }
        self.0.remove(&start);
        self.add(start..number);
        self.add(number + 1..end);
        true
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// How many of them are in `range`.
    pub(crate) fn len_within(&self, range: &Range<u64>) -> u64 {
        let before = self.0.range(..range.start).next_back();
        let overlap = |(&start, &end): (&u64, &u64)| {
            end.min(range.end).saturating_sub(start.max(range.start))
        };
        before.into_iter().chain(self.0.range(range.clone())).map(overlap).sum()
    }
}
