//! How a program did not run well, told with what it printed.

use std::io;
use std::time::Duration;

use nix::sys::signal::Signal;

/// How many bytes a program may print on standard output, and as many on standard error.
pub const MAX_OUTPUT: usize = 1 << 20;

/// How long processes may live on when their program has ended: some programs show just that.
pub(crate) const LINGER: Duration = Duration::from_secs(5);

/// A program that did not run well, and what it printed.
#[derive(Debug, thiserror::Error)]
#[error("{trouble}{}{}", end("standard output", .stdout), end("standard error", .stderr))]
pub struct RunError {
    /// What went wrong.
    #[source]
    pub trouble: Trouble,
    /// What it printed on standard output up to then.
    pub stdout: Vec<u8>,
    /// What it printed on standard error up to then.
    pub stderr: Vec<u8>,
}

/// What can go wrong with a program that runs.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A system call failed; the text says what was tried.
    #[error("could not {0}: {1}")]
    System(&'static str, #[source] io::Error),
    /// It did not end in this time.
    #[error("it hangs: it did not end in {} s, and was killed with its processes", .0.as_secs_f64())]
    Hangs(Duration),
    /// It ended with an exit code other than 0.
    #[error("it ended with exit code {0}, not 0")]
    ExitCode(i32),
    /// It was ended by a signal.
    #[error("it was ended by {0}")]
    Signal(Signal),
    /// It ended, but these processes of its group did not: id and command line of each.
    #[error("it ended and left processes behind, which were killed {} s later: {}", LINGER.as_secs(), .0.join(", "))]
    LeftBehind(Vec<String>),
    /// It ended, but its standard output is still open.
    #[error("it ended, but a process that left its group holds its standard output open")]
    HoldsOutput,
    /// It printed more than [`MAX_OUTPUT`].
    #[error("it printed more than {MAX_OUTPUT} bytes, and was killed")]
    TooMuchOutput,
    /// [`crate::run::STOP`] was set.
    #[error("it was stopped")]
    Stopped,
}

/// Makes a [`Trouble::System`] of an error.
pub(crate) fn system<E: Into<io::Error>>(tried: &'static str) -> impl Fn(E) -> Trouble {
    move |error| Trouble::System(tried, error.into())
}

/// The last lines of what was printed, if anything was.
pub(crate) fn end(name: &str, bytes: &[u8]) -> String {
    const MAX_LINES: usize = 30;
    const MAX_COLUMNS: usize = 200;

    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let cut = lines.len().saturating_sub(MAX_LINES);
    let mut shown = if lines.is_empty() { String::new() } else { format!("\n{name}:") };
    shown += &if cut > 0 { format!("\n    … {cut} lines") } else { String::new() };
    for line in &lines[cut..] {
        let beginning: String = line.chars().take(MAX_COLUMNS).collect();
        let dots = if beginning.len() < line.len() { "…" } else { "" };
        shown += &format!("\n    {beginning}{dots}");
    }
    shown
}
