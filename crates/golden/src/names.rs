//! The names in an expected output, and the texts that they can stand for.

use chrono::{NaiveDateTime, Timelike};

/// Index of a name in [`Names`].
pub type NameId = usize;

/// What each name stands for so far; the values are pieces of the output.
pub type Bindings<'o> = Vec<Option<&'o str>>;

/// What a name is a name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pid,
    Time,
}

/// All names of one expected output: kind and word.
#[derive(Debug, Clone, Default)]
pub struct Names(pub Vec<(Kind, String)>);

impl Names {
    /// The id of a name, which is new when it is met first.
    pub(crate) fn resolve(&mut self, kind: Kind, word: &str) -> NameId {
        let known = self.0.iter().position(|name| name.0 == kind && name.1 == word);
        known.unwrap_or_else(|| {
            self.0.push((kind, word.into()));
            self.0.len() - 1
        })
    }

    /// The lengths of all beginnings of `text` that a name can stand for.
    pub(crate) fn lengths(&self, name: NameId, text: &str, bound: &Bindings<'_>) -> Vec<usize> {
        let kind = self.0[name].0;
        let is_taken = |value: &str| {
            let mut others = (0..self.0.len()).filter(|&other| self.0[other].0 == kind);
            self.is_distinct(name) && others.any(|other| bound[other] == Some(value))
        };
        let mut lengths = kind.lengths(text);
        lengths.retain(|&length| match bound[name] {
            Some(value) => text[..length] == *value,
            None => !is_taken(&text[..length]),
        });
        lengths
    }

    /// Whether a name is the only one that can have its value: two processes have two ids, but two things can happen
    /// at one time.
    pub fn is_distinct(&self, name: NameId) -> bool {
        self.0[name].0 == Kind::Pid
    }
}

impl Kind {
    /// The lengths of all beginnings of `text` that are a value of this kind.
    pub(crate) fn lengths(self, text: &str) -> Vec<usize> {
        match self {
            Kind::Pid => pids(text),
            Kind::Time => time(text).into_iter().collect(),
        }
    }
}

/// The lengths of all beginnings of `text` that are process ids: positive, without leading zeros.
fn pids(text: &str) -> Vec<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_pid = |&length: &usize| !text.starts_with('0') && text[..length].parse::<i32>().is_ok();
    (1..=digits).take_while(is_pid).collect()
}

/// The length of the time that `text` begins with, such as `2022-08-14 16:15:21.445148`.
fn time(text: &str) -> Option<usize> {
    const FORMAT: &str = "%Y-%m-%d %H:%M:%S%.6f";
    const LENGTH: usize = 26;

    let text = text.get(..LENGTH)?;
    let time = NaiveDateTime::parse_from_str(text, FORMAT).ok()?;
    // chrono also takes leap seconds, which the system clock never shows, and blanks in the place of zeros.
    (time.nanosecond() < 1_000_000_000 && time.format(FORMAT).to_string() == text).then_some(LENGTH)
}
