//! How a program did not run well, told with what it printed.

use std::fmt;
use std::io;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::run::{LINGER, MAX_OUTPUT};

/// A program that did not run well, and what it printed.
#[derive(Debug)]
pub struct RunError {
    /// What went wrong.
    pub trouble: Trouble,
    /// What it printed on standard output up to then.
    pub stdout: Vec<u8>,
    /// What it printed on standard error up to then.
    pub stderr: Vec<u8>,
}

/// What can go wrong with a program that runs.
#[derive(Debug)]
pub enum Trouble {
    /// A system call failed; the text says what was tried.
    System(&'static str, io::Error),
    /// It did not end in this time.
    Hangs(Duration),
    /// It ended with an exit code other than 0.
    ExitCode(i32),
    /// It was ended by a signal.
    Signal(Signal),
    /// It ended, but these processes of its group did not: id and command line of each. There are none if another
    /// process, outside of the group, holds its standard output open.
    LeftBehind(Vec<String>),
    /// It printed more than [`MAX_OUTPUT`].
    TooMuchOutput,
    /// [`crate::stop_all_runs`] was called.
    Stopped,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::System(tried, error) => write!(f, "could not {tried}: {error}"),
            Trouble::Hangs(limit) => {
                write!(
                    f,
                    "it hangs: it did not end in {} s, and was killed with its processes",
                    limit.as_secs_f64()
                )
            }
            Trouble::ExitCode(code) => write!(f, "it ended with exit code {code}, not 0"),
            Trouble::Signal(signal) => write!(f, "it was ended by {signal}"),
            Trouble::LeftBehind(processes) if processes.is_empty() => {
                write!(
                    f,
                    "it ended, but a process that left its group holds its standard output open"
                )
            }
            Trouble::LeftBehind(processes) => {
                let linger = LINGER.as_secs();
                write!(
                    f,
                    "it ended and left processes behind, which were killed {linger} s later: {}",
                    processes.join(", ")
                )
            }
            Trouble::TooMuchOutput => {
                write!(f, "it printed more than {MAX_OUTPUT} bytes, and was killed")
            }
            Trouble::Stopped => write!(f, "it was stopped"),
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trouble.fmt(f)?;
        show_end("standard output", &self.stdout, f)?;
        show_end("standard error", &self.stderr, f)
    }
}

/// Writes the last lines of what was printed, if anything was.
fn show_end(name: &str, bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const MAX_LINES: usize = 30;
    const MAX_COLUMNS: usize = 200;

    if bytes.is_empty() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    write!(f, "\n{name}:")?;
    if lines.len() > MAX_LINES {
        write!(f, "\n    … {} lines", lines.len() - MAX_LINES)?;
    }
    for line in &lines[lines.len().saturating_sub(MAX_LINES)..] {
        let shown: String = line.chars().take(MAX_COLUMNS).collect();
        write!(f, "\n    {shown}{}", if shown.len() < line.len() { "…" } else { "" })?;
    }
    Ok(())
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.trouble {
            Trouble::System(_, error) => Some(error),
            _ => None,
        }
    }
}
