//! The text of one expected line: literal text and placeholders, and all the ways to read a line of output with it.

use crate::names::{self, Bindings, NameId, Names};

const ALLOWED: &str = "allowed are <pid:name>, <kind:name> of a kind declared in the head, <pid:name|name>, \
                       <time>, <time:name>, <2.0±0.3>, <2.0..4.0>, <label:text|text>, \
                       and \\< for the character itself";

/// The text of one expected line.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
struct Piece {
    /// As it is written in the file.
    source: String,
    meaning: Meaning,
}

#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    Literal(String),
    /// One of these names, mostly of just one.
    Name(Vec<NameId>),
    Time,
    Number {
        min: f64,
        max: f64,
    },
    OneOf(Vec<String>),
}

/// One name as it was read in a line of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capture<'o> {
    pub(crate) name: NameId,
    /// Where in the line the value begins.
    pub(crate) start: usize,
    pub(crate) value: &'o str,
}

impl Pattern {
    /// Parses the text right of the bar; the names it mentions are added to `names`.
    pub(crate) fn parse(text: &str, names: &mut Names) -> Result<Pattern, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, length) = match rest.strip_prefix('<') {
                Some(inside) => placeholder(inside, names)?,
                None => literal(rest),
            };
            pieces.push(piece);
            rest = &rest[length..];
        }
        Ok(Pattern { pieces })
    }

    /// All names that can occur in this line, as often as they can.
    pub(crate) fn names(&self) -> impl Iterator<Item = NameId> {
        self.name_choices().flatten().copied()
    }

    /// For each place of a name in this line, the names that can stand there.
    pub(crate) fn name_choices(&self) -> impl Iterator<Item = &[NameId]> {
        self.pieces.iter().filter_map(|piece| match &piece.meaning {
            Meaning::Name(names) => Some(names.as_slice()),
            _ => None,
        })
    }

    /// Whether this is the same pattern as `other` once the names of each are replaced, by the one function here
    /// and by the other there.
    pub(crate) fn is_like<K: PartialEq>(
        &self,
        other: &Pattern,
        rename: impl Fn(NameId) -> K,
        rename_other: impl Fn(NameId) -> K,
    ) -> bool {
        let are_like = |one: &[NameId], two: &[NameId]| {
            one.iter().map(|&name| rename(name)).eq(two.iter().map(|&name| rename_other(name)))
        };
        self.pieces.len() == other.pieces.len()
            && self.pieces.iter().zip(&other.pieces).all(|(one, two)| {
                match (&one.meaning, &two.meaning) {
                    (Meaning::Name(one), Meaning::Name(two)) => are_like(one, two),
                    (one, two) => one == two,
                }
            })
    }

    /// As it is written in the file, with the values that are known: `<pid:a>=1234 says hello`.
    pub(crate) fn show(&self, bound: &Bindings<'_>) -> String {
        let show = |piece: &Piece| {
            let mut shown = piece.source.clone();
            if let Meaning::Name(names) = &piece.meaning {
                let known: Vec<&str> = names.iter().filter_map(|&name| bound[name]).collect();
                if !known.is_empty() {
                    shown += "=";
                    shown += &known.join("|");
                }
            }
            shown
        };
        self.pieces.iter().map(show).collect()
    }

    /// All the ways in which `text` can be this line, given what the names already stand for.
    pub(crate) fn readings<'o>(
        &self,
        text: &'o str,
        names: &Names,
        bound: &Bindings<'o>,
    ) -> Vec<Vec<Capture<'o>>> {
        let mut reader = Reader { text, names, bound, captures: Vec::new(), readings: Vec::new() };
        reader.read(&self.pieces, 0);
        reader.readings
    }
}

/// Backtracks over the ways to read one line: a placeholder may end in more than one place.
struct Reader<'a, 'o> {
    text: &'o str,
    names: &'a Names,
    bound: &'a Bindings<'o>,
    captures: Vec<Capture<'o>>,
    readings: Vec<Vec<Capture<'o>>>,
}

impl<'o> Reader<'_, 'o> {
    fn read(&mut self, pieces: &[Piece], start: usize) {
        let Some((piece, pieces)) = pieces.split_first() else {
            if start == self.text.len() {
                self.readings.push(self.captures.clone());
            }
            return;
        };
        for (name, length) in self.beginnings(&piece.meaning, start) {
            let end = start + length;
            let capture = name.map(|name| Capture { name, start, value: &self.text[start..end] });
            let known = self.captures.len();
            self.captures.extend(capture);
            self.read(pieces, end);
            self.captures.truncate(known);
        }
    }

    /// The lengths that a piece can have in the text from `start`, and the name that stands there.
    fn beginnings(&self, meaning: &Meaning, start: usize) -> Vec<(Option<NameId>, usize)> {
        let text = &self.text[start..];
        let unnamed =
            |lengths: Vec<usize>| lengths.into_iter().map(|length| (None, length)).collect();
        match meaning {
            Meaning::Literal(literal) => {
                unnamed(length_at_start(literal, text).into_iter().collect())
            }
            Meaning::OneOf(texts) => {
                unnamed(texts.iter().filter_map(|one| length_at_start(one, text)).collect())
            }
            Meaning::Number { min, max } => unnamed(numbers(text, *min, *max)),
            Meaning::Time => unnamed(names::time(text).into_iter().collect()),
            Meaning::Name(names) => {
                let values = |&name| {
                    self.values(name, text).into_iter().map(move |length| (Some(name), length))
                };
                names.iter().flat_map(values).collect()
            }
        }
    }

    /// The lengths of the values of a name that `text` begins with.
    fn values(&self, name: NameId, text: &str) -> Vec<usize> {
        match self.value_of(name) {
            Some(value) => length_at_start(value, text).into_iter().collect(),
            None => {
                let mut lengths = self.names.beginnings(name, text);
                lengths.retain(|&length| self.is_free(name, &text[..length]));
                lengths
            }
        }
    }

    fn value_of(&self, name: NameId) -> Option<&'o str> {
        let here = || {
            self.captures.iter().find(|capture| capture.name == name).map(|capture| capture.value)
        };
        self.bound[name].or_else(here)
    }

    /// Whether no other name already stands for this value.
    fn is_free(&self, name: NameId, value: &str) -> bool {
        !self.names.are_distinct(name)
            || self.names.of_same_kind(name).all(|other| self.value_of(other) != Some(value))
    }
}

/// The length of `value` if `text` begins with it.
fn length_at_start(value: &str, text: &str) -> Option<usize> {
    text.starts_with(value).then_some(value.len())
}

/// The literal text up to the next placeholder, and how much of the source it takes.
fn literal(source: &str) -> (Piece, usize) {
    let mut text = String::new();
    let mut length = 0;
    while let Some(char) = source[length..].chars().next().filter(|&char| char != '<') {
        let escaped = source[length..].starts_with("\\<");
        text.push(if escaped { '<' } else { char });
        length += if escaped { 2 } else { char.len_utf8() };
    }
    (Piece { source: source[..length].into(), meaning: Meaning::Literal(text) }, length)
}

/// The placeholder that begins before `inside`, and how much of the source it takes.
fn placeholder(inside: &str, names: &mut Names) -> Result<(Piece, usize), String> {
    let (content, _) = inside.split_once('>').ok_or_else(|| {
        format!("`<{inside}` opens a placeholder that is never closed; {ALLOWED}")
    })?;
    let source = format!("<{content}>");
    let length = source.len();
    let meaning =
        meaning(content, names).map_err(|fault| format!("`{source}` {fault}; {ALLOWED}"))?;
    Ok((Piece { source, meaning }, length))
}

fn meaning(content: &str, names: &mut Names) -> Result<Meaning, String> {
    let is_word =
        |word: &str| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c == '<');
    if content == "time" {
        return Ok(Meaning::Time);
    }
    let Some((label, list)) = content.split_once(':').filter(|(label, _)| is_word(label)) else {
        return number_range(content).ok_or_else(|| "is not a placeholder".into());
    };
    let items = || list.split('|');
    match names.kind(label) {
        Some(kind) if items().all(is_word) => {
            Ok(Meaning::Name(items().map(|name| names.resolve(kind, name)).collect()))
        }
        Some(_) => Err("is not a placeholder".into()),
        None if list.contains('<') => Err("has a `<` inside".into()),
        None if list.contains('|') => Ok(Meaning::OneOf(items().map(String::from).collect())),
        None => {
            Err(format!("is of a kind that the head does not declare (`{label}: value value …`)"))
        }
    }
}

/// `2.0±0.3` or `2.0..4.0`.
fn number_range(content: &str) -> Option<Meaning> {
    /// Decimal fractions are not exact in binary; this is far below any digit that a program prints.
    const ROUNDING: f64 = 1e-9;

    let (min, max) = if let Some((middle, tolerance)) = content.split_once('±') {
        let (middle, tolerance) = (decimal(middle)?, decimal(tolerance)?);
        (middle - tolerance, middle + tolerance)
    } else {
        let (min, max) = content.split_once("..")?;
        (decimal(min)?, decimal(max)?)
    };
    (min <= max).then_some(Meaning::Number { min: min - ROUNDING, max: max + ROUNDING })
}

/// The lengths of all beginnings of `text` that are decimal numbers from `min` to `max`.
fn numbers(text: &str, min: f64, max: f64) -> Vec<usize> {
    let longest = text.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-')).count();
    (1..=longest)
        .filter(|&length| {
            decimal(&text[..length]).is_some_and(|number| (min..=max).contains(&number))
        })
        .collect()
}

/// Digits with an optional sign and an optional fraction; not all that Rust takes for a number.
fn decimal(text: &str) -> Option<f64> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    (digits(whole) && digits(fraction)).then(|| text.parse().ok()).flatten()
}
