//! How an output differs from what is expected, told so that a learner understands it.

/// How many of the lines that could come, or were still to come, are shown.
const MAX_SHOWN: usize = 20;

/// Why an output is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// A line cannot come at its place.
    #[error("line {line} of the output cannot come there:\n\n{}\n{}", around(.output, *.line), choice(.could_come))]
    Line {
        /// All lines that were printed.
        output: Vec<String>,
        /// The number of the first line that no reading of the output allows, counted from 1.
        line: usize,
        /// The expected lines that could have come there, with the values known by then; none at the end.
        could_come: Vec<String>,
    },
    /// The output ended too early.
    #[error("{}\n{}", ended(.output), list(.to_come))]
    Ended {
        /// All lines that were printed.
        output: Vec<String>,
        /// The expected lines that are missing.
        to_come: Vec<String>,
    },
    /// All lines are right, but the last one does not end in a newline.
    #[error("the last line of the output is not ended:\n\n{}\na newline was expected after it", around(.output, .output.len()))]
    NoLastNewline {
        /// All lines that were printed.
        output: Vec<String>,
    },
    /// The output is not text; line and byte are counted from 1.
    #[error("the output is not UTF-8: line {line}, byte {column}")]
    NotUtf8 {
        /// The line of the first byte that is wrong.
        line: usize,
        /// Its place in that line.
        column: usize,
    },
    /// The expected output says so little that the output can be read in too many ways.
    #[error(
        "the first {line} lines of the output can be read in too many ways: \
         make the lines of the expected output tell the processes apart"
    )]
    TooManyWays {
        /// The line at which it became too many, counted from 1.
        line: usize,
    },
}

/// The lines around `line` (counted from 1) with their numbers, and a mark at `line`.
fn around(output: &[String], line: usize) -> String {
    const BEFORE: usize = 8;
    const AFTER: usize = 2;

    let first = line.saturating_sub(BEFORE).max(1);
    let last = (line + AFTER).min(output.len());
    let dots = |is_cut| if is_cut { "      …\n" } else { "" };
    let mut shown = String::from(dots(first > 1));
    for number in first..=last {
        let mark = if number == line { '>' } else { ' ' };
        shown += &format!("{mark} {number:3} | {}\n", visible(&output[number - 1]));
    }
    shown + dots(last < output.len())
}

fn choice(could_come: &[String]) -> String {
    match could_come {
        [] => "nothing more was expected".into(),
        lines => format!("what could have come there:\n{}", list(lines)),
    }
}

fn ended(output: &[String]) -> String {
    match output {
        [] => "nothing was printed; to come:".into(),
        lines => format!(
            "the output ended too early:\n\n{}\nthe output ended here; still to come:",
            around(lines, lines.len() + 1)
        ),
    }
}

fn list(lines: &[String]) -> String {
    let line = |line: &String| format!("\n      {}", visible(line));
    let mut shown: String = lines.iter().take(MAX_SHOWN).map(line).collect();
    if lines.len() > MAX_SHOWN {
        shown += &format!("\n      … and {} more", lines.len() - MAX_SHOWN);
    }
    shown
}

/// Blanks at the end of a line and control characters, made visible.
fn visible(line: &str) -> String {
    let text = line.trim_end_matches(' ');
    let show = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.into() };
    text.chars().map(show).collect::<String>() + &"·".repeat(line.len() - text.len())
}
