//! Wrong outputs made from a right one, with which the checker proves itself: it must refuse them all.
//!
//! Only what is certainly wrong is made. Certain is what follows from single lines, without the search that is on
//! trial: a line that just one expected line can be is that one, whatever stands around it.

use std::collections::{BTreeMap, BTreeSet};

use crate::Expected;
use crate::names::NameId;
use crate::order::LineId;
use crate::pattern::Capture;

/// An output that is certainly wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// What was done to the right output.
    pub change: String,
    /// What came of it.
    pub output: String,
}

/// All mutants of `output`, which is right.
pub fn mutants(expected: &Expected, output: &str) -> Vec<Mutant> {
    let original = Original::new(expected, output.lines().collect());
    let mut mutants = Vec::new();
    original.drop_lines(&mut mutants);
    original.repeat_lines(&mut mutants);
    original.swap_neighbours(&mut mutants);
    original.change_words(&mut mutants);
    original.change_ids(&mut mutants);
    original.swap_ids(&mut mutants);
    if let Some(cut) = output.strip_suffix('\n') {
        mutants.push(Mutant { change: "the last newline cut".into(), output: cut.into() });
    }
    mutants
}

/// One way in which an expected line can be a line of output, whatever else the names stand for.
#[derive(PartialEq)]
struct Reading<'o> {
    line: LineId,
    captures: Vec<Capture<'o>>,
}

struct Original<'e, 'o> {
    expected: &'e Expected,
    lines: Vec<&'o str>,
    /// All readings of each line.
    readings: Vec<Vec<Reading<'o>>>,
}

impl<'e, 'o> Original<'e, 'o> {
    fn new(expected: &'e Expected, lines: Vec<&'o str>) -> Original<'e, 'o> {
        let readings = lines.iter().map(|line| readings(expected, line)).collect();
        Original { expected, lines, readings }
    }

    /// Each line is used once, so one less is wrong …
    fn drop_lines(&self, mutants: &mut Vec<Mutant>) {
        for index in 0..self.lines.len() {
            let mut lines = self.lines.clone();
            lines.remove(index);
            mutants.push(mutant(format!("line {} dropped", index + 1), &lines));
        }
    }

    /// … and so is one more.
    fn repeat_lines(&self, mutants: &mut Vec<Mutant>) {
        for index in 0..self.lines.len() {
            let mut lines = self.lines.clone();
            lines.insert(index, self.lines[index]);
            mutants.push(mutant(format!("line {} repeated", index + 1), &lines));
        }
    }

    /// Two lines that are certain and neighbours in a chain have a certain order.
    fn swap_neighbours(&self, mutants: &mut Vec<Mutant>) {
        let chains = &self.expected.order.chains;
        let neighbours =
            chains.iter().flat_map(|chain| chain.lines.windows(2)).map(|pair| (pair[0], pair[1]));
        let mut done = Vec::new();
        for (before, after) in neighbours {
            let places = (self.place_of(before), self.place_of(after));
            if let (Some(first), Some(second)) = places
                && !done.contains(&places)
            {
                done.push(places);
                let mut lines = self.lines.clone();
                lines.swap(first, second);
                mutants.push(mutant(
                    format!("lines {} and {} swapped", first + 1, second + 1),
                    &lines,
                ));
            }
        }
    }

    /// A line that no expected line can be is wrong.
    fn change_words(&self, mutants: &mut Vec<Mutant>) {
        for (index, line) in self.lines.iter().enumerate() {
            for word in
                line.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty())
            {
                let start = word.as_ptr().addr() - line.as_ptr().addr();
                let other = if word == "x" { "y" } else { "x" };
                let changed = replaced(line, start, word, other);
                if readings(self.expected, &changed).is_empty() {
                    let change = format!("in line {} {word} changed to {other}", index + 1);
                    mutants.push(self.with(change, &[(index, &changed)]));
                }
            }
        }
    }

    /// Each id changed, in one place, to each other one of the same kind.
    fn change_ids(&self, mutants: &mut Vec<Mutant>) {
        let ids = self.ids();
        for &(index, id) in &ids {
            let others: BTreeSet<&str> = ids
                .iter()
                .filter(|(_, other)| self.can_replace(&id, other))
                .map(|(_, other)| other.value)
                .collect();
            for other in others {
                let changed = replaced(self.lines[index], id.start, id.value, other);
                if self.is_certainly_wrong(&[(index, &changed)]) {
                    let change =
                        format!("in line {} the id {} changed to {other}", index + 1, id.value);
                    mutants.push(self.with(change, &[(index, &changed)]));
                }
            }
        }
    }

    /// Each two ids of the same kind in two lines, swapped.
    fn swap_ids(&self, mutants: &mut Vec<Mutant>) {
        let ids = self.ids();
        for (position, &(first, one)) in ids.iter().enumerate() {
            for &(second, two) in &ids[position + 1..] {
                if first == second || !self.can_replace(&one, &two) {
                    continue;
                }
                let first_changed = replaced(self.lines[first], one.start, one.value, two.value);
                let second_changed = replaced(self.lines[second], two.start, two.value, one.value);
                let changed = [(first, first_changed.as_str()), (second, second_changed.as_str())];
                if self.is_certainly_wrong(&changed) {
                    let places = format!(
                        "{} in line {} and {} in line {}",
                        one.value,
                        first + 1,
                        two.value,
                        second + 1
                    );
                    mutants.push(self.with(format!("the ids {places} swapped"), &changed));
                }
            }
        }
    }

    fn can_replace(&self, one: &Capture<'_>, other: &Capture<'_>) -> bool {
        one.value != other.value
            && self.expected.names.kind_of(one.name) == self.expected.names.kind_of(other.name)
    }

    /// The output with some lines changed.
    fn with(&self, change: String, changed: &[(usize, &str)]) -> Mutant {
        let mut lines = self.lines.clone();
        for &(index, line) in changed {
            lines[index] = line;
        }
        mutant(change, &lines)
    }

    /// The place in the output of an expected line, if it is certain.
    fn place_of(&self, line: LineId) -> Option<usize> {
        self.readings
            .iter()
            .position(|readings| matches!(&readings[..], [reading] if reading.line == line))
    }

    /// The ids in the output and their lines, where it is certain what is an id.
    fn ids(&self) -> Vec<(usize, Capture<'o>)> {
        let lines = self.readings.iter().enumerate();
        lines
            .flat_map(|(index, readings)| {
                self.spans(readings).unwrap_or_default().into_iter().map(move |id| (index, id))
            })
            .collect()
    }

    /// The ids of a line, if all its readings have them in the same places and of the same kinds.
    fn spans<'a>(&self, readings: &[Reading<'a>]) -> Option<Vec<Capture<'a>>> {
        let names = &self.expected.names;
        let ids = |reading: &Reading<'a>| -> Vec<Capture<'a>> {
            reading
                .captures
                .iter()
                .filter(|capture| names.are_distinct(capture.name))
                .copied()
                .collect()
        };
        let places = |ids: &[Capture<'a>]| -> Vec<(usize, usize, &'a str)> {
            ids.iter().map(|id| (names.kind_of(id.name), id.start, id.value)).collect()
        };
        let (first, others) = readings.split_first()?;
        let first = ids(first);
        others.iter().all(|other| places(&ids(other)) == places(&first)).then_some(first)
    }

    /// Whether the lines of the output contradict each other, in whatever order they come, when some are changed.
    fn is_certainly_wrong(&self, changed: &[(usize, &str)]) -> bool {
        let changed: Vec<_> =
            changed.iter().map(|&(index, line)| (index, readings(self.expected, line))).collect();
        let readings: Vec<&[Reading<'_>]> = (0..self.lines.len())
            .map(|index| {
                let new = changed.iter().find(|(changed, _)| *changed == index);
                new.map_or(self.readings[index].as_slice(), |(_, readings)| readings)
            })
            .collect();
        readings.iter().any(|readings| readings.is_empty())
            || self.names_disagree(&readings)
            || self.counts_disagree(&readings)
    }

    /// Whether lines that are certain give a name two values, or two names one.
    fn names_disagree(&self, readings: &[&[Reading<'_>]]) -> bool {
        let names = &self.expected.names;
        let certain = readings.iter().filter_map(|readings| match readings {
            [reading] => Some(reading),
            _ => None,
        });
        let known: Vec<(NameId, &str)> = certain
            .flat_map(|reading| &reading.captures)
            .filter(|capture| names.are_distinct(capture.name))
            .map(|capture| (capture.name, capture.value))
            .collect();
        known.iter().any(|&(name, value)| {
            known.iter().any(|&(other, other_value)| {
                names.kind_of(name) == names.kind_of(other)
                    && (name == other) != (value == other_value)
            })
        })
    }

    /// Whether the values occur in other numbers than the names: of two users who are each named twice, none is
    /// named once.
    fn counts_disagree(&self, readings: &[&[Reading<'_>]]) -> bool {
        let names = &self.expected.names;
        let mut values: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for readings in readings {
            let Some(ids) = self.spans(readings) else { return false };
            for capture in ids {
                *values.entry((names.kind_of(capture.name), capture.value)).or_default() += 1;
            }
        }
        let mut occurrences: BTreeMap<NameId, usize> = BTreeMap::new();
        for choice in self.expected.lines.iter().flat_map(|line| line.pattern.name_choices()) {
            match *choice {
                [name] if names.are_distinct(name) => *occurrences.entry(name).or_default() += 1,
                [_] => {}
                // How often each of several names occurs is not certain.
                _ => return false,
            }
        }
        let mut of_values: Vec<_> =
            values.iter().map(|(&(kind, _), &count)| (kind, count)).collect();
        let mut of_names: Vec<_> =
            occurrences.iter().map(|(&name, &count)| (names.kind_of(name), count)).collect();
        of_values.sort_unstable();
        of_names.sort_unstable();
        of_values != of_names
    }
}

/// All ways in which one line can be read.
fn readings<'o>(expected: &Expected, text: &'o str) -> Vec<Reading<'o>> {
    let nothing_known = vec![None; expected.names.len()];
    (0..expected.lines.len())
        .flat_map(|line| {
            let readings =
                expected.lines[line].pattern.readings(text, &expected.names, &nothing_known);
            readings.into_iter().map(move |captures| Reading { line, captures })
        })
        .collect()
}

/// `line` with `other` in the place of `word`, which begins at `start`.
fn replaced(line: &str, start: usize, word: &str, other: &str) -> String {
    format!("{}{other}{}", &line[..start], &line[start + word.len()..])
}

fn mutant(change: String, lines: &[&str]) -> Mutant {
    Mutant { change, output: lines.iter().flat_map(|line| [line, "\n"]).collect() }
}
