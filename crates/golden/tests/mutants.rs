//! Wrong outputs made from a right one, with which the checker proves itself: it must refuse them all.
//!
//! Only what is certainly wrong is made. Certain is what follows from single lines, without the search that is on
//! trial: a line that just one expected line can be is that one, whatever stands around it.

use std::collections::BTreeSet;
use std::rc::Rc;

use golden::expected::Expected;

use crate::evidence::{Id, Reading, Readings, ids, readings};

/// An output that is certainly wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mutant {
    /// What was done to the right output.
    pub(crate) change: String,
    /// What came of it.
    pub(crate) output: String,
}

/// All mutants of `output`, which is right.
pub(crate) fn mutants(expected: &Expected, output: &str) -> Vec<Mutant> {
    let original = Original::new(expected, output);
    let mut changes = original.fewer_and_more_lines();
    changes.extend(original.other_ids());
    changes.extend(original.swapped_ids());
    changes.extend(original.other_words());
    changes.retain(|(_, lines)| original.readings_of(lines).are_certainly_wrong());
    changes.extend(original.swapped_lines());
    let text =
        |lines: Vec<String>| lines.into_iter().flat_map(|line| [line, "\n".into()]).collect();
    let mut mutants: Vec<Mutant> =
        changes.into_iter().map(|(change, lines)| Mutant { change, output: text(lines) }).collect();
    let mut known = BTreeSet::new();
    mutants.retain(|mutant| known.insert(mutant.output.clone()));
    if let Some(cut) = output.strip_suffix('\n') {
        mutants.push(Mutant { change: "the last newline cut".into(), output: cut.into() });
    }
    mutants
}

/// What is done, and the lines that come of it.
type Change = (String, Vec<String>);

struct Original<'e> {
    expected: &'e Expected,
    lines: Vec<&'e str>,
    /// All readings of each line.
    readings: Vec<Rc<Vec<Reading<'e>>>>,
    /// The place of each expected line in the output, where it is certain.
    places: Vec<Option<usize>>,
    /// The ids and their places in the output, where it is certain what is an id.
    ids: Vec<(usize, Id<'e>)>,
}

impl<'e> Original<'e> {
    fn new(expected: &'e Expected, output: &'e str) -> Original<'e> {
        let lines: Vec<&str> = output.lines().collect();
        let of_lines = lines.iter().map(|line| Rc::new(readings(expected, line))).collect();
        let readings = Readings { expected, lines: of_lines };
        let is =
            |readings: &[Reading<'_>], line| matches!(readings, [one] if one.line == Some(line));
        let place = |line| readings.lines.iter().position(|readings| is(readings, line));
        let mut places_of_ids = Vec::new();
        for (place, line) in readings.lines.iter().enumerate() {
            places_of_ids.extend(ids(line).into_iter().flatten().map(|id| (place, *id)));
        }
        Original {
            expected,
            places: (0..expected.lines.len()).map(place).collect(),
            ids: places_of_ids,
            readings: readings.lines,
            lines,
        }
    }

    /// The readings of changed lines. Most are as they were, and are not read again.
    fn readings_of<'o>(&'o self, lines: &'o [String]) -> Readings<'o, 'o> {
        let of_line = |line: &'o String| match self.lines.iter().position(|known| known == line) {
            Some(place) => self.readings[place].clone(),
            None => Rc::new(readings(self.expected, line)),
        };
        Readings { expected: self.expected, lines: lines.iter().map(of_line).collect() }
    }

    /// Each line is used once: one less is wrong, and so is one more.
    fn fewer_and_more_lines(&self) -> Vec<Change> {
        let dropped = |place: usize| {
            let mut lines = self.with(&[]);
            lines.remove(place);
            (format!("line {} dropped", place + 1), lines)
        };
        let repeated = |place: usize| {
            let mut lines = self.with(&[]);
            lines.insert(place, self.lines[place].into());
            (format!("line {} repeated", place + 1), lines)
        };
        (0..self.lines.len()).flat_map(|place| [dropped(place), repeated(place)]).collect()
    }

    /// Each word and each number changed, and each number made one more.
    fn other_words(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (place, line) in self.lines.iter().enumerate() {
            for word in words(line) {
                let start = word.as_ptr().addr() - line.as_ptr().addr();
                let one_more =
                    word.parse().ok().map(|number: u32| number.wrapping_add(1).to_string());
                let letter = if word == "x" { "y" } else { "x" };
                for other in one_more.into_iter().chain([letter.into()]) {
                    let change = format!("in line {} {word} changed to {other}", place + 1);
                    changes.push((change, self.with(&[(place, start, word, &other)])));
                }
            }
        }
        changes
    }

    /// Each id changed, in one place, to each other one.
    fn other_ids(&self) -> Vec<Change> {
        let values: BTreeSet<&str> = self.ids.iter().map(|(_, id)| id.value).collect();
        let mut changes = Vec::new();
        for &(place, id) in &self.ids {
            for other in values.iter().filter(|&&other| other != id.value) {
                let change =
                    format!("in line {} the id {} changed to {other}", place + 1, id.value);
                changes.push((change, self.with(&[(place, id.start, id.value, other)])));
            }
        }
        changes
    }

    /// Each two ids in two lines, swapped.
    fn swapped_ids(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (index, &(first, one)) in self.ids.iter().enumerate() {
            for &(second, two) in &self.ids[index + 1..] {
                if first != second && one.value != two.value {
                    let change = format!(
                        "the ids {} in line {} and {} in line {} swapped",
                        one.value,
                        first + 1,
                        two.value,
                        second + 1
                    );
                    let replaced = [
                        (first, one.start, one.value, two.value),
                        (second, two.start, two.value, one.value),
                    ];
                    changes.push((change, self.with(&replaced)));
                }
            }
        }
        changes
    }

    /// Two lines whose places are certain and that share a chain have a certain order.
    fn swapped_lines(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (later, line) in self.expected.lines.iter().enumerate() {
            for &earlier in &line.after {
                if let (Some(first), Some(second)) = (self.places[earlier], self.places[later]) {
                    let mut lines = self.with(&[]);
                    lines.swap(first, second);
                    changes
                        .push((format!("lines {} and {} swapped", first + 1, second + 1), lines));
                }
            }
        }
        changes
    }

    /// The lines, in some of which a part is replaced: place, start, the old and the new part.
    fn with(&self, replaced: &[(usize, usize, &str, &str)]) -> Vec<String> {
        let mut lines: Vec<String> = self.lines.iter().map(|&line| line.into()).collect();
        for &(place, start, old, new) in replaced {
            lines[place].replace_range(start..start + old.len(), new);
        }
        lines
    }
}

/// The words and the numbers in a line, also where nothing stands between them.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split(|char: char| !char.is_alphanumeric());
    parts.flat_map(|part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            let is_digit = rest.starts_with(|char: char| char.is_ascii_digit());
            let end =
                rest.find(|char: char| char.is_ascii_digit() != is_digit).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after;
            (!word.is_empty()).then_some(word)
        })
    })
}
