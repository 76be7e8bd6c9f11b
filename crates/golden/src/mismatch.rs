//! How an output differs from what is expected, told so that a learner understands it.

use std::fmt;

/// How many of the lines that could come, or were still to come, are shown.
const MAX_SHOWN: usize = 20;

/// Why an output is not right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// A line cannot come at its place.
    Line {
        /// What was printed.
        output: Output,
        /// The number of the first line that no reading of the output allows, counted from 1.
        line: usize,
        /// The expected lines that could have come there, with the values known by then; none at the end.
        could_come: Vec<String>,
    },
    /// The output ended too early.
    Ended {
        /// What was printed.
        output: Output,
        /// The expected lines that are missing.
        to_come: Vec<String>,
    },
    /// All lines are right, but the last one does not end in a newline.
    NoLastNewline {
        /// What was printed.
        output: Output,
    },
    /// The output is not text.
    NotUtf8 {
        /// The line of the first byte that is wrong, counted from 1.
        line: usize,
        /// Its place in that line in bytes, counted from 1.
        column: usize,
    },
    /// The expected output says so little that the output can be read in too many ways.
    TooManyWays {
        /// The line at which it became too many, counted from 1.
        line: usize,
        /// How many are tried at most.
        ways: usize,
    },
}

/// The lines of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    lines: Vec<String>,
}

impl Output {
    pub(crate) fn new(lines: &[&str]) -> Output {
        Output { lines: lines.iter().map(|line| visible(line)).collect() }
    }

    /// Writes the lines around `line` (counted from 1) with their numbers, and a mark at `line`.
    fn show_around(&self, line: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BEFORE: usize = 8;
        const AFTER: usize = 2;

        let first = line.saturating_sub(BEFORE).max(1);
        let last = (line + AFTER).min(self.lines.len());
        if first > 1 {
            writeln!(f, "      …")?;
        }
        for number in first..=last {
            let mark = if number == line { '>' } else { ' ' };
            writeln!(f, "{mark} {number:3} | {}", self.lines[number - 1])?;
        }
        if last < self.lines.len() {
            writeln!(f, "      …")?;
        }
        Ok(())
    }
}

/// Blanks at the end of a line and control characters, made visible.
fn visible(line: &str) -> String {
    let text = line.trim_end_matches(' ');
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.into() })
        .collect();
    shown.extend(std::iter::repeat_n('·', line.len() - text.len()));
    shown
}

impl Mismatch {
    /// The byte after `good` is none of UTF-8.
    pub(crate) fn not_utf8(good: &[u8]) -> Mismatch {
        let line = 1 + good.iter().filter(|&&byte| byte == b'\n').count();
        let column = 1 + good.iter().rev().take_while(|&&byte| byte != b'\n').count();
        Mismatch::NotUtf8 { line, column }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Line { output, line, could_come } => {
                writeln!(f, "line {line} of the output cannot come there:\n")?;
                output.show_around(*line, f)?;
                if could_come.is_empty() {
                    write!(f, "\nnothing more was expected")
                } else {
                    write!(f, "\nwhat could have come there:\n")?;
                    show_expected(could_come, f)
                }
            }
            Mismatch::Ended { output, to_come } => {
                if output.lines.is_empty() {
                    writeln!(f, "nothing was printed; to come:")?;
                } else {
                    writeln!(f, "the output ended too early:\n")?;
                    output.show_around(output.lines.len() + 1, f)?;
                    write!(f, "\nthe output ended here; still to come:\n")?;
                }
                show_expected(to_come, f)
            }
            Mismatch::NoLastNewline { output } => {
                writeln!(f, "the last line of the output is not ended:\n")?;
                output.show_around(output.lines.len(), f)?;
                write!(f, "\na newline was expected after it")
            }
            Mismatch::NotUtf8 { line, column } => {
                write!(f, "the output is not UTF-8: line {line}, byte {column}")
            }
            Mismatch::TooManyWays { line, ways } => write!(
                f,
                "the first {line} lines of the output can be read in more than {ways} ways: \
                 make the lines of the expected output tell the processes apart"
            ),
        }
    }
}

fn show_expected(lines: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for line in lines.iter().take(MAX_SHOWN) {
        write!(f, "\n      {}", visible(line))?;
    }
    if lines.len() > MAX_SHOWN {
        write!(f, "\n      … and {} more", lines.len() - MAX_SHOWN)?;
    }
    Ok(())
}

impl std::error::Error for Mismatch {}
