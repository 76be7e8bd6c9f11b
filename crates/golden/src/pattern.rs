//! The text of an expected line: what it allows.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::names::{Bindings, Kind, NameId, Names};

/// A text with placeholders.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
pub struct Piece {
    /// As it is written.
    pub(crate) source: String,
    pub(crate) meaning: Meaning,
}

#[derive(Debug, Clone)]
pub enum Meaning {
    Text(String),
    OneOf(Vec<String>),
    Number(RangeInclusive<f64>),
    Time,
    /// The value of one of these names.
    Name(Vec<NameId>),
}

/// The value of a name, and where in the line it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capture<'o> {
    pub name: NameId,
    pub start: usize,
    pub value: &'o str,
}

/// One way to read a line, or its beginning.
pub type Captures<'o> = Vec<Capture<'o>>;

impl Pattern {
    /// For each place of a name, the names that can stand there.
    pub fn name_places(&self) -> impl Iterator<Item = &[NameId]> {
        self.pieces.iter().filter_map(|piece| match &piece.meaning {
            Meaning::Name(names) => Some(names.as_slice()),
            _ => None,
        })
    }

    /// As it is written, with the values that are known: `<pid:a>=1234 says hello`.
    pub(crate) fn show(&self, bound: &[Option<&str>]) -> String {
        let show = |piece: &Piece| {
            let Meaning::Name(names) = &piece.meaning else { return piece.source.clone() };
            let known: BTreeSet<&str> = names.iter().filter_map(|&name| bound[name]).collect();
            let known: Vec<&str> = known.into_iter().collect();
            let equals = if known.is_empty() { "" } else { "=" };
            format!("{}{equals}{}", piece.source, known.join("|"))
        };
        self.pieces.iter().map(show).collect()
    }

    /// All ways in which `text` can be this line, given what the names already stand for.
    ///
    /// Piece after piece, it keeps the set of all places that the pieces so far can end at. A place that is reached
    /// in several ways is there once, so the work does not double with each placeholder.
    pub fn readings<'o>(
        &self,
        text: &'o str,
        names: &Names,
        bound: &Bindings<'o>,
    ) -> Vec<Captures<'o>> {
        let reader = Reader { text, names, bound };
        let mut ends = BTreeSet::from([(0, Captures::new())]);
        for piece in &self.pieces {
            let go_on = |(start, captures): &(usize, Captures<'o>)| {
                reader.go_on(&piece.meaning, *start, captures)
            };
            ends = ends.iter().flat_map(go_on).collect();
        }
        let whole = ends.into_iter().filter(|(end, _)| *end == text.len());
        whole.map(|(_, captures)| captures).collect()
    }
}

struct Reader<'a, 'o> {
    text: &'o str,
    names: &'a Names,
    bound: &'a Bindings<'o>,
}

impl<'o> Reader<'_, 'o> {
    /// The places that a piece can end at when it begins at `start`, each with what is captured by then.
    fn go_on(
        &self,
        meaning: &Meaning,
        start: usize,
        captures: &[Capture<'o>],
    ) -> Vec<(usize, Captures<'o>)> {
        let text = &self.text[start..];
        let lengths = match meaning {
            Meaning::Text(literal) => length_at_start(literal, text).into_iter().collect(),
            Meaning::OneOf(texts) => {
                texts.iter().filter_map(|one| length_at_start(one, text)).collect()
            }
            Meaning::Number(range) => numbers(text, range),
            Meaning::Time => Kind::Time.lengths(text),
            Meaning::Name(names) => {
                let with_name = |&name: &NameId| {
                    let lengths = self.lengths_of(name, text, captures).into_iter();
                    lengths.map(move |length| {
                        let capture = Capture { name, start, value: &text[..length] };
                        (start + length, [captures, &[capture]].concat())
                    })
                };
                return names.iter().flat_map(with_name).collect();
            }
        };
        lengths.into_iter().map(|length| (start + length, captures.to_vec())).collect()
    }

    /// The lengths of the values of a name that `text` begins with.
    fn lengths_of(&self, name: NameId, text: &str, captures: &[Capture<'o>]) -> Vec<usize> {
        let value_of = |name: NameId| {
            let here = || captures.iter().find(|capture| capture.name == name);
            self.bound[name].or_else(|| here().map(|capture| capture.value))
        };
        if let Some(value) = value_of(name) {
            return length_at_start(value, text).into_iter().collect();
        }
        let kind = self.names.0[name].0;
        let is_taken = |value: &str| {
            self.names.is_distinct(name)
                && (0..self.names.0.len())
                    .any(|other| self.names.0[other].0 == kind && value_of(other) == Some(value))
        };
        let mut lengths = kind.lengths(text);
        lengths.retain(|&length| !is_taken(&text[..length]));
        lengths
    }
}

/// The length of `value` if `text` begins with it.
fn length_at_start(value: &str, text: &str) -> Option<usize> {
    text.starts_with(value).then_some(value.len())
}

/// The lengths of all beginnings of `text` that are decimal numbers in the range.
fn numbers(text: &str, range: &RangeInclusive<f64>) -> Vec<usize> {
    let longest = text.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-')).count();
    let is_in_range =
        |length: &usize| decimal(&text[..*length]).is_some_and(|number| range.contains(&number));
    (1..=longest).filter(is_in_range).collect()
}

/// Digits with an optional sign and an optional fraction; not all that Rust takes for a number.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    (digits(whole) && digits(fraction)).then(|| text.parse().ok()).flatten()
}
