//! An expected output: its file format.

use crate::head::Head;
use crate::mismatch::Mismatch;
use crate::names::Names;
use crate::order::{ChainId, Line, Order};
use crate::parse_error::ParseError;
use crate::pattern::Pattern;
use crate::search;

/// The orders in which a program's lines are right; see the [crate's page](crate) for the format.
#[derive(Debug, Clone)]
pub struct Expected {
    head: Head,
    pub(crate) names: Names,
    pub(crate) lines: Vec<Line>,
    pub(crate) order: Order,
}

impl Expected {
    /// Parses the text of an expected output.
    ///
    /// # Errors
    ///
    /// Says which line is not understood, and what would be.
    pub fn parse(text: &str) -> Result<Expected, ParseError> {
        let mut source = text.lines().zip(1..).map(|(line, number)| (number, line));
        let at = |number: usize| move |message: String| ParseError::new(number, message);

        let (number, first) = source.next().unwrap_or((1, ""));
        let head = Head::parse(first).map_err(at(number))?;

        let mut names = Names::new();
        let mut declared_until = number;
        loop {
            match source.next() {
                Some((_, "")) => break,
                Some((number, line)) => {
                    declare(line, &mut names).map_err(at(number))?;
                    declared_until = number;
                }
                None => {
                    return Err(ParseError::new(
                        declared_until + 1,
                        "a blank line ends the head; it is missing",
                    ));
                }
            }
        }

        let mut chains = Chains::default();
        let mut lines = Vec::new();
        for (number, line) in source {
            lines.push(parse_line(line, &mut chains, &mut names).map_err(at(number))?);
        }
        if let Some(fault) = names.fault() {
            return Err(ParseError::new(declared_until, fault));
        }
        let lines: Vec<Line> = lines.into_iter().map(|line| chains.resolve(line)).collect();
        let order = Order::new(chains.count(), &lines, &names);
        Ok(Expected { head, names, lines, order })
    }

    /// The command that a reader types: `echo TEXT | cargo run -p NAME -- ARGS`, the first line without its prompt.
    pub fn command(&self) -> &str {
        &self.head.command
    }

    /// The part of the command that names the program: `cargo run -p NAME` or `cargo run --bin NAME`.
    pub fn cargo_command(&self) -> &str {
        &self.head.cargo
    }

    /// The program's arguments.
    pub fn args(&self) -> &[String] {
        &self.head.args
    }

    /// The program's standard input; without one it is the null device.
    pub fn stdin(&self) -> Option<&str> {
        self.head.stdin.as_deref()
    }

    /// Whether `output` is one of the right outputs: the lines in one of the right orders, each with a newline at
    /// its end, with names that mean the same everywhere.
    ///
    /// # Errors
    ///
    /// The difference, as a report for a person.
    pub fn check(&self, output: impl AsRef<[u8]>) -> Result<(), Mismatch> {
        search::check(self, output.as_ref())
    }
}

/// Parses `kind: value value …`.
fn declare(line: &str, names: &mut Names) -> Result<(), String> {
    let (kind, values) = line.split_once(':').ok_or(
        "the head goes on until a blank line, and has only declarations `kind: value value …`",
    )?;
    if kind.is_empty() || kind.contains(|c: char| c.is_whitespace() || "<>|".contains(c)) {
        return Err(format!("`{kind}` cannot name a kind: use one word without <, > and |"));
    }
    let values: Vec<String> = values.split_whitespace().map(String::from).collect();
    if values.is_empty() {
        return Err(format!("`{kind}` is declared without values"));
    }
    if let Some((_, value)) =
        values.iter().enumerate().find(|(index, value)| values[..*index].contains(value))
    {
        return Err(format!("the value {value} of `{kind}` is there twice"));
    }
    match kind {
        "pid" | "time" => Err(format!("`{kind}` needs no declaration, and can have none")),
        _ if names.declare(kind, values) => Ok(()),
        _ => Err(format!("`{kind}` is declared twice")),
    }
}

/// A line of the body before it is known how many chains there are.
struct UnresolvedLine {
    labels: String,
    /// None for all of them.
    chains: Option<Vec<ChainId>>,
    pattern: Pattern,
}

/// Parses `labels | text`.
fn parse_line(
    line: &str,
    chains: &mut Chains,
    names: &mut Names,
) -> Result<UnresolvedLine, String> {
    let (labels, text) = line.split_once('|').ok_or(
        "there is no bar: a line of the body is `labels | text`, also when the text is empty",
    )?;
    let text = match text.strip_prefix(' ') {
        Some(text) => text,
        None if text.is_empty() => "",
        None => return Err("the bar is followed by a blank, then by the text".into()),
    };
    Ok(UnresolvedLine {
        labels: labels.trim().into(),
        chains: chains.parse(labels)?,
        pattern: Pattern::parse(text, names)?,
    })
}

/// The labels of the chains that were met so far.
#[derive(Default)]
struct Chains {
    labels: Vec<String>,
}

impl Chains {
    /// The chains that `labels` names, or None for all of them.
    fn parse(&mut self, labels: &str) -> Result<Option<Vec<ChainId>>, String> {
        let labels: Vec<&str> = labels.split_whitespace().collect();
        match labels.as_slice() {
            [] => {
                return Err(
                    "there is no label: say which chains the line belongs to, or `all`".into()
                );
            }
            ["all"] => return Ok(None),
            labels if labels.contains(&"all") => {
                return Err("`all` stands alone: it is every chain already".into());
            }
            _ => {}
        }
        let mut chains = Vec::new();
        for label in labels {
            let known = self.labels.iter().position(|known| known == label);
            let chain = known.unwrap_or_else(|| {
                self.labels.push(label.into());
                self.labels.len() - 1
            });
            if chains.contains(&chain) {
                return Err(format!("the label `{label}` is there twice"));
            }
            chains.push(chain);
        }
        Ok(Some(chains))
    }

    /// How many there are. A file whose only label is `all` has one chain.
    fn count(&self) -> usize {
        self.labels.len().max(1)
    }

    fn resolve(&self, line: UnresolvedLine) -> Line {
        let UnresolvedLine { labels, chains, pattern } = line;
        Line { labels, chains: chains.unwrap_or_else(|| (0..self.count()).collect()), pattern }
    }
}
