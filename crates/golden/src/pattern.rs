//! The text of an expected line: what it allows.

use std::collections::BTreeSet;
use std::iter::repeat;
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
    /// One of these texts; also a single one.
    OneOf(Vec<String>),
    Number(RangeInclusive<f64>),
    Time,
    /// The value of one of these names.
    Name(Vec<NameId>),
}

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

    /// All ways in which `text` can be this line, given what the names stand for by then: what they stand for after it.
    ///
    /// Piece after piece, it keeps the set of all places that the pieces so far can end at. A place that is reached
    /// in several ways is there once, so the work does not double with each placeholder.
    pub fn readings<'o>(
        &self,
        text: &'o str,
        names: &Names,
        bound: &Bindings<'o>,
    ) -> Vec<Bindings<'o>> {
        let mut ends = BTreeSet::from([(0, bound.clone())]);
        for piece in &self.pieces {
            let mut next = BTreeSet::new();
            for (start, bound) in ends {
                for (length, name) in piece.meaning.beginnings(&text[start..], names, &bound) {
                    let mut bound = bound.clone();
                    if let Some(name) = name {
                        bound[name] = Some(&text[start..start + length]);
                    }
                    next.insert((start + length, bound));
                }
            }
            ends = next;
        }
        ends.into_iter().filter(|(end, _)| *end == text.len()).map(|(_, bound)| bound).collect()
    }
}

impl Meaning {
    /// The lengths that this piece can have at the beginning of `text`, each with the name that stands there.
    fn beginnings(
        &self,
        text: &str,
        names: &Names,
        bound: &Bindings<'_>,
    ) -> Vec<(usize, Option<NameId>)> {
        let lengths = match self {
            Meaning::OneOf(texts) => {
                let fitting = texts.iter().filter(|one| text.starts_with(one.as_str()));
                fitting.map(String::len).collect()
            }
            Meaning::Number(range) => numbers(text, range),
            Meaning::Time => Kind::Time.lengths(text),
            Meaning::Name(choice) => {
                let lengths =
                    |&name| names.lengths(name, text, bound).into_iter().zip(repeat(Some(name)));
                return choice.iter().flat_map(lengths).collect();
            }
        };
        lengths.into_iter().zip(repeat(None)).collect()
    }
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
