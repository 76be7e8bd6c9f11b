//! A real run of a program: its lines, and when each came.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use golden::check::expected_of;
use golden::program::{Program, build};
use golden::run::{Printed, run_timed};

use crate::Result;

/// How many programs run at once: they mostly sleep, but more would come late to their turns.
const JOBS: usize = 8;

/// No program takes half of it.
const LIMIT: Duration = Duration::from_secs(60);

/// What a program printed, and what it was expected to.
#[derive(Debug)]
pub struct Recording {
    /// The command that a reader types.
    pub command: String,
    /// The lines, each with the time from the start until it was complete.
    pub lines: Vec<(Duration, String)>,
}

/// Builds the programs and runs each once; the recordings are in the order of the programs.
///
/// # Errors
///
/// If one cannot be built or run, or prints what is not right.
pub fn record_all(root: &Path, programs: &[Program]) -> Result<Vec<Recording>> {
    let binaries = build(root, programs)?;
    let next = AtomicUsize::new(0);
    let (sender, recordings) = mpsc::channel();
    let work = |sender: mpsc::Sender<_>| {
        while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
            // The receiver lives until all have sent.
            let _ = sender.send((program, record(root, program, &binaries.join(&program.name))));
        }
    };
    thread::scope(|scope| {
        for _ in 0..JOBS {
            let (sender, work) = (sender.clone(), &work);
            scope.spawn(move || work(sender));
        }
        drop(sender);
    });
    let mut recordings: Vec<_> = recordings.into_iter().collect();
    recordings.sort_by_key(|(program, _)| programs.iter().position(|other| other == *program));
    let named = |(program, result): (&Program, Result<Recording>)| {
        result.map_err(|error| format!("{}: {error}", program.name).into())
    };
    recordings.into_iter().map(named).collect()
}

fn record(root: &Path, program: &Program, binary: &Path) -> Result<Recording> {
    let expected = expected_of(program, root)?;
    let printed = run_timed(binary, &expected, LIMIT)?;
    expected.check(&printed.bytes).map_err(|mismatch| mismatch.to_string())?;
    Ok(Recording { command: expected.command.whole, lines: lines(&printed)? })
}

/// A line is there when its last byte is.
fn lines(printed: &Printed) -> Result<Vec<(Duration, String)>> {
    let mut end = 0;
    let text = std::str::from_utf8(&printed.bytes)?;
    let lines = text.split_inclusive('\n').map(|line| {
        end += line.len();
        let arrival = printed.arrivals.iter().find(|(_, bytes)| *bytes >= end);
        let time = arrival.map_or(Duration::ZERO, |(time, _)| *time);
        (time, line.trim_end_matches('\n').to_string())
    });
    Ok(lines.collect())
}
