//! Whether an output is one of the right ones.
//!
//! The output is read line by line, and every way to read it so far is kept: how far each chain has come, and what
//! each name stands for. Processes that do the same, such as ten users who all want a ticket, would make these
//! many. They stay few by two rules, neither of which loses a right reading: ways that cannot differ in what they
//! still allow are one ([`Key`]), and of chains that take turns in the file none overtakes
//! ([`Chain::seniors`]). So the search is exact: the output is right if and only if a way is left at its end.

use std::collections::HashSet;

use crate::expected::Expected;
use crate::mismatch::{Mismatch, Output};
use crate::names::Bindings;
use crate::order::{Chain, LineId};
use crate::pattern::Capture;

/// So many ways to read one output that its expected output does not say enough.
pub(crate) const MAX_WAYS: usize = 10_000;

pub(crate) fn check(expected: &Expected, output: &[u8]) -> Result<(), Mismatch> {
    let text = std::str::from_utf8(output).map_err(|error| {
        let good = &output[..error.valid_up_to()];
        Mismatch::NotUtf8 {
            line: 1 + good.iter().filter(|&&byte| byte == b'\n').count(),
            column: column(good),
        }
    })?;
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
    let lines = if text.is_empty() { Vec::new() } else { lines };
    let output = || Output::new(&lines);

    let mut ways = vec![Way::new(expected)];
    for (index, line) in lines.iter().enumerate() {
        let mut known = HashSet::new();
        let mut next = Vec::new();
        for way in &ways {
            for way in way.read(line) {
                if known.insert(way.key()) {
                    next.push(way);
                }
            }
        }
        if next.is_empty() {
            return Err(Mismatch::Line {
                output: output(),
                line: index + 1,
                could_come: could_come(&ways),
            });
        }
        if next.len() > MAX_WAYS {
            return Err(Mismatch::TooManyWays { line: index + 1, ways: MAX_WAYS });
        }
        ways = next;
    }
    // All ways have read the same number of lines, and each line once: if one is at the end, all are.
    let way = &ways[0];
    if !way.is_at_end() {
        return Err(Mismatch::Ended { output: output(), to_come: way.to_come() });
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(Mismatch::NoLastNewline { output: output() });
    }
    Ok(())
}

/// The number of the byte after `text` in its line, counted from 1.
fn column(text: &[u8]) -> usize {
    text.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1
}

/// The next lines of all `ways`, in the order of the file.
fn could_come(ways: &[Way<'_, '_>]) -> Vec<String> {
    let mut lines: Vec<(LineId, String)> =
        ways.iter().flat_map(|way| way.next_lines().map(|line| (line, way.show(line)))).collect();
    lines.sort();
    lines.dedup();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// One way to read the output so far.
#[derive(Clone)]
struct Way<'e, 'o> {
    expected: &'e Expected,
    /// How many lines of each chain have been read. A line of several chains counts in all of them.
    read: Vec<usize>,
    bound: Bindings<'o>,
}

/// What a way still allows, and nothing else:
///
/// - a name that occurs in no line to come matters no more, only that its value is taken;
/// - chains of one class can be exchanged together with their own names, so how far each of them has come matters,
///   not which of them it is.
#[derive(PartialEq, Eq, Hash)]
struct Key<'o> {
    /// Class, lines read and own names of every chain, sorted.
    chains: Vec<ChainKey<'o>>,
    shared_names: Bindings<'o>,
    /// Kind and value, sorted.
    taken: Vec<(usize, &'o str)>,
}

type ChainKey<'o> = (usize, usize, Bindings<'o>);

impl<'e, 'o> Way<'e, 'o> {
    fn new(expected: &'e Expected) -> Way<'e, 'o> {
        Way {
            expected,
            read: vec![0; expected.order.chains.len()],
            bound: vec![None; expected.names.len()],
        }
    }

    /// All ways to go on with `text` as the next line of the output.
    fn read(&self, text: &'o str) -> Vec<Way<'e, 'o>> {
        let Expected { lines, names, .. } = self.expected;
        let go_on = |line: LineId| {
            let readings = lines[line].pattern.readings(text, names, &self.bound);
            readings.into_iter().map(move |captures| self.after(line, &captures))
        };
        self.next_lines().filter(|&line| self.keeps_seniority(line)).flat_map(go_on).collect()
    }

    /// Whether no chain comes before its seniors by reading this line: then it would be the turn of one of them.
    fn keeps_seniority(&self, line: LineId) -> bool {
        let is_read_with = |chain: usize| self.expected.lines[line].chains.contains(&chain);
        self.expected.lines[line].chains.iter().all(|&chain| {
            let mut seniors = self.expected.order.chains[chain].seniors.iter();
            seniors.all(|&senior| self.read[senior] > self.read[chain] || is_read_with(senior))
        })
    }

    fn after(&self, line: LineId, captures: &[Capture<'o>]) -> Way<'e, 'o> {
        let mut way = self.clone();
        for &chain in &self.expected.lines[line].chains {
            way.read[chain] += 1;
        }
        for capture in captures {
            way.bound[capture.name] = Some(capture.value);
        }
        way
    }

    /// The lines that can come now: each is the next one of all its chains.
    fn next_lines(&self) -> impl Iterator<Item = LineId> {
        let next =
            |chain: usize| self.expected.order.chains[chain].lines.get(self.read[chain]).copied();
        (0..self.read.len()).filter_map(move |chain| {
            let line = next(chain)?;
            let chains = &self.expected.lines[line].chains;
            // A line of several chains is found through the first of them.
            (chains[0] == chain && chains.iter().all(|&chain| next(chain) == Some(line)))
                .then_some(line)
        })
    }

    fn is_read(&self, line: LineId) -> bool {
        let chain = self.expected.lines[line].chains[0];
        self.expected.order.chains[chain].lines[..self.read[chain]].contains(&line)
    }

    fn is_at_end(&self) -> bool {
        self.expected
            .order
            .chains
            .iter()
            .zip(&self.read)
            .all(|(chain, &read)| read == chain.lines.len())
    }

    /// The lines that are still to come, in the order of the file.
    fn to_come(&self) -> Vec<String> {
        (0..self.expected.lines.len())
            .filter(|&line| !self.is_read(line))
            .map(|line| self.show(line))
            .collect()
    }

    fn show(&self, line: LineId) -> String {
        let line = &self.expected.lines[line];
        format!("{} | {}", line.labels, line.pattern.show(&self.bound))
    }

    fn key(&self) -> Key<'o> {
        let order = &self.expected.order;
        let mut chains: Vec<ChainKey<'o>> =
            (0..self.read.len()).map(|chain| self.chain_key(chain)).collect();
        chains.sort_unstable();
        let mut taken: Vec<(usize, &str)> = (0..self.bound.len())
            .filter(|&name| self.expected.names.are_distinct(name))
            .filter_map(|name| Some((self.expected.names.kind_of(name), self.bound[name]?)))
            .collect();
        taken.sort_unstable();
        Key { chains, shared_names: self.still_needed(&order.shared_names), taken }
    }

    fn chain_key(&self, chain: usize) -> ChainKey<'o> {
        let Chain { own_names, class, .. } = &self.expected.order.chains[chain];
        (*class, self.read[chain], self.still_needed(own_names))
    }

    /// The values of those `names` that occur in a line to come.
    fn still_needed(&self, names: &[usize]) -> Bindings<'o> {
        let last_uses = &self.expected.order.last_uses;
        let is_needed =
            |name: usize| last_uses[name].iter().any(|&(chain, end)| self.read[chain] < end);
        names.iter().map(|&name| self.bound[name].filter(|_| is_needed(name))).collect()
    }
}
