//! [`Rows`]: places for texts that must not overlap.

use std::ops::Range;

/// Texts in rows.
#[derive(Debug, Default)]
pub(crate) struct Rows(Vec<Vec<Range<f64>>>);

impl Rows {
    /// The first row in which there is room for a text there, which takes it.
    pub(crate) fn place(&mut self, text: Range<f64>) -> usize {
        const GAP: f64 = 8.0;

        let is_free = |row: &Vec<Range<f64>>| {
            row.iter().all(|other| text.start >= other.end + GAP || other.start >= text.end + GAP)
        };
        let row = self.0.iter().position(is_free).unwrap_or(self.0.len());
        if row == self.0.len() {
            self.0.push(Vec::new());
        }
        self.0[row].push(text);
        row
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}
