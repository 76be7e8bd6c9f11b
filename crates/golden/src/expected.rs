//! An expected output: its file format, which expected-output/README.md explains.

use crate::command::Command;
use crate::names::{Kind, Names};
use crate::pattern::Pattern;
use crate::syntax::{parse_pattern, unlike};

/// The orders in which a program's lines are right; see the [crate's page](crate) for the format.
#[derive(Debug, Clone)]
pub struct Expected {
    /// What a reader types.
    pub command: Command,
    #[doc(hidden)]
    pub names: Names,
    #[doc(hidden)]
    pub lines: Vec<Line>,
}

#[doc(hidden)]
pub type LineId = usize;

#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Line {
    /// The chains it belongs to, as they are written.
    labels: String,
    /// The lines that come before it: all earlier ones of its chains.
    pub after: Vec<LineId>,
    /// None for `...`: any number of lines, which the outside world prints.
    pub pattern: Option<Pattern>,
}

/// An expected output that cannot be understood: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ParseError {
    /// The number of the faulty line, counted from 1.
    pub line: usize,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl Expected {
    /// Parses the text of an expected output.
    ///
    /// # Errors
    ///
    /// Says which line is not understood, and what would be.
    pub fn parse(text: &str) -> Result<Expected, ParseError> {
        const FIRST: usize = 3;

        let mut source = text.lines();
        let at = |line: usize| move |message: String| ParseError { line, message };
        let command = Command::parse(source.next().unwrap_or_default()).map_err(at(1))?;
        if source.next() != Some("") {
            return Err(at(2)("the line after the command is blank; this one is not".into()));
        }
        let mut expected = Expected { command, names: Names::default(), lines: Vec::new() };
        for (line, number) in source.zip(FIRST..) {
            expected.parse_line(line).map_err(at(number))?;
        }
        for (line, number) in expected.lines.iter().zip(FIRST..) {
            expected.check_names(line).map_err(at(number))?;
        }
        Ok(expected)
    }

    /// Parses `labels | text`.
    fn parse_line(&mut self, line: &str) -> Result<(), String> {
        let (labels, text) = line.split_once('|').ok_or(
            "there is no bar: a line of the body is `labels | text`, also when the text is empty",
        )?;
        if !text.is_empty() && !text.starts_with(' ') {
            return Err("the bar is followed by a blank, then by the text".into());
        }
        check_labels(labels)?;
        let is_after = |&id: &LineId| share_a_chain(&self.lines[id].labels, labels);
        let after = (0..self.lines.len()).filter(is_after).collect();
        let pattern = match text.get(1..).unwrap_or_default() {
            "..." => None,
            "\\..." => Some(parse_pattern("...", &mut self.names)?),
            text => Some(parse_pattern(text, &mut self.names)?),
        };
        self.lines.push(Line { labels: labels.trim().into(), after, pattern });
        Ok(())
    }

    /// Finds names that occur once where they say something only if they occur again, as after a slip of the pen.
    fn check_names(&self, line: &Line) -> Result<(), String> {
        let patterns = || self.lines.iter().filter_map(|line| line.pattern.as_ref());
        let all = || patterns().flat_map(Pattern::name_places).flatten();
        for place in line.pattern.iter().flat_map(Pattern::name_places) {
            let is_lonely = |name: &&usize| all().filter(|other| other == name).count() == 1;
            let Some(&name) = place.iter().find(is_lonely) else { continue };
            let word = &self.names.0[name].1;
            if place.len() > 1 {
                return Err(format!(
                    "the name `{word}` occurs nowhere else: each of several names is used in other places, too"
                ));
            }
            if self.names.0[name].0 == Kind::Time {
                return Err(format!(
                    "the time `{word}` occurs nowhere else: write `<time>`, or the name that is meant"
                ));
            }
        }
        Ok(())
    }
}

impl Line {
    /// As it is written, with the values of names that are known.
    pub(crate) fn show(&self, bound: &[Option<&str>]) -> String {
        let text = self.pattern.as_ref().map_or("...".into(), |pattern| pattern.show(bound));
        format!("{} | {text}", self.labels)
    }
}

fn check_labels(labels: &str) -> Result<(), String> {
    let labels: Vec<&str> = labels.split_whitespace().collect();
    if labels.is_empty() {
        return Err("there is no label: say which chains the line belongs to, or `all`".into());
    }
    if labels.len() > 1 && labels.contains(&"all") {
        return Err("`all` stands alone: it is every chain already".into());
    }
    unlike("label", &labels).map_err(|fault| format!("the line {fault}"))
}

fn share_a_chain(some: &str, others: &str) -> bool {
    let is_among_others = |label| others.split_whitespace().any(|other| other == label);
    some.trim() == "all" || others.trim() == "all" || some.split_whitespace().any(is_among_others)
}
