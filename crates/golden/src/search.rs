//! Whether an output is one of the right ones.
//!
//! The output is read line by line, and every way to read it so far is kept: which expected lines have come, and what
//! each name stands for. An expected line can come when all earlier lines of its chains have. The output is right if
//! a way is left at its end that has no line to come.

use std::collections::BTreeSet;

use crate::expected::{Expected, LineId};
use crate::mismatch::Mismatch;
use crate::names::Bindings;

/// So many ways to read one output that its expected output does not say enough.
const MAX_WAYS: usize = 10_000;

impl Expected {
    /// Whether `output` is one of the right outputs: the lines in one of the right orders, each with a newline at
    /// its end, with names that mean the same everywhere.
    ///
    /// # Errors
    ///
    /// The difference, as a report for a person.
    pub fn check(&self, output: impl AsRef<[u8]>) -> Result<(), Mismatch> {
        let text = std::str::from_utf8(output.as_ref())
            .map_err(|error| not_utf8(&output.as_ref()[..error.valid_up_to()]))?;
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        let output = || lines.iter().map(|&line| line.into()).collect();

        let (has_come, bound) = (vec![false; self.lines.len()], vec![None; self.names.0.len()]);
        let start = Way { has_come, bound };
        let mut ways: BTreeSet<Way<'_>> = start.with_ends_of_outside(self).collect();
        for (line, number) in lines.iter().zip(1..) {
            let next: BTreeSet<Way<'_>> =
                ways.iter().flat_map(|way| way.read(self, line)).collect();
            if next.is_empty() {
                let could_come = could_come(self, &ways);
                return Err(Mismatch::Line { output: output(), line: number, could_come });
            }
            if next.len() > MAX_WAYS {
                return Err(Mismatch::TooManyWays { line: number });
            }
            ways = next;
        }
        let to_come = ways.iter().rev().map(|way| way.to_come(self));
        let to_come = to_come.min_by_key(Vec::len).unwrap_or_default();
        if !to_come.is_empty() {
            return Err(Mismatch::Ended { output: output(), to_come });
        }
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(Mismatch::NoLastNewline { output: output() });
        }
        Ok(())
    }
}

/// One way to read the output so far.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way<'o> {
    /// For each expected line, whether it has come.
    has_come: Vec<bool>,
    bound: Bindings<'o>,
}

impl<'o> Way<'o> {
    /// All ways to go on with `text` as the next line of the output.
    fn read(&self, expected: &Expected, text: &'o str) -> Vec<Way<'o>> {
        let mut ways = Vec::new();
        for line in self.next_lines(expected) {
            let Some(pattern) = &expected.lines[line].pattern else {
                // A line of the outside world: more of them may follow.
                ways.push(self.clone());
                continue;
            };
            for bound in pattern.readings(text, &expected.names, &self.bound) {
                ways.push(Way { bound, ..self.after(line) });
            }
        }
        ways.into_iter().flat_map(|way| way.with_ends_of_outside(expected)).collect()
    }

    /// This way, and those in which the outside world prints no more where it can.
    fn with_ends_of_outside(self, expected: &Expected) -> impl Iterator<Item = Way<'o>> {
        let mut ways = vec![self];
        let mut done = 0;
        while let Some(way) = ways.get(done) {
            let outside =
                way.next_lines(expected).filter(|&line| expected.lines[line].pattern.is_none());
            let ended: Vec<Way<'o>> = outside.map(|line| way.after(line)).collect();
            ways.extend(ended);
            done += 1;
        }
        ways.into_iter()
    }

    fn after(&self, line: LineId) -> Way<'o> {
        let mut way = self.clone();
        way.has_come[line] = true;
        way
    }

    /// The lines that can come now.
    fn next_lines(&self, expected: &Expected) -> impl Iterator<Item = LineId> {
        (0..expected.lines.len()).filter(|&line| {
            !self.has_come[line]
                && expected.lines[line].after.iter().all(|&before| self.has_come[before])
        })
    }

    /// The lines that are still to come, in the order of the file.
    fn to_come(&self, expected: &Expected) -> Vec<String> {
        let lines = expected.lines.iter().zip(&self.has_come).filter(|(_, has_come)| !**has_come);
        lines.map(|(line, _)| line.show(&self.bound)).collect()
    }
}

/// The next lines of all `ways`, in the order of the file.
fn could_come(expected: &Expected, ways: &BTreeSet<Way<'_>>) -> Vec<String> {
    let next = |way: &Way<'_>| -> Vec<(LineId, String)> {
        let show = |line: LineId| (line, expected.lines[line].show(&way.bound));
        way.next_lines(expected).map(show).collect()
    };
    let lines: BTreeSet<(LineId, String)> = ways.iter().flat_map(next).collect();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The byte after `good` is none of UTF-8.
fn not_utf8(good: &[u8]) -> Mismatch {
    let line = 1 + good.iter().filter(|&&byte| byte == b'\n').count();
    let column = 1 + good.iter().rev().take_while(|&&byte| byte != b'\n').count();
    Mismatch::NotUtf8 { line, column }
}
