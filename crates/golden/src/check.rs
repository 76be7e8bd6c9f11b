//! Runs programs and compares what they print with their expected outputs.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use crate::expected::{Expected, ParseError};
use crate::mismatch::Mismatch;
use crate::program::Program;
use crate::run::{is_stopped, run};
use crate::trouble::RunError;

/// How programs are checked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The workspace.
    pub root: PathBuf,
    /// The directory of the programs' binaries.
    pub binaries: PathBuf,
    /// How long each program may run.
    pub limit: Duration,
    /// How often each program is run.
    pub times: NonZeroUsize,
    /// How many programs run at once.
    pub jobs: NonZeroUsize,
}

/// Why a program is not right.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// Its expected output cannot be read.
    #[error("cannot read {0}: {1}")]
    NoExpectedOutput(PathBuf, #[source] io::Error),
    /// Its expected output cannot be understood.
    #[error("{0}, {1}")]
    Parse(PathBuf, #[source] ParseError),
    /// The command in its expected output runs something else.
    #[error("{path}, line 1: `{found}` runs another program; this one runs with `{right}`")]
    OtherProgram {
        /// The expected output.
        path: PathBuf,
        /// The command in it.
        found: String,
        /// The command that runs the program.
        right: String,
    },
    /// Its binary does not exist.
    #[error("{0} does not exist: run `cargo build` first")]
    NotBuilt(PathBuf),
    /// It did not run well.
    #[error(transparent)]
    Run(RunError),
    /// It printed something else.
    #[error(
        "what it printed is not what {expected} allows:\n{mismatch}\n\nall that it printed: {printed}"
    )]
    Mismatch {
        /// The expected output.
        expected: PathBuf,
        /// The difference.
        #[source]
        mismatch: Mismatch,
        /// A file with all that was printed.
        printed: PathBuf,
    },
}

/// Checks `programs`, all of them as often as the plan says, and calls `on_end` whenever one has ended: with the
/// program, the time that it took, and its expected output and what it printed, or what is wrong with it.
pub fn check_all(
    programs: &[Program],
    plan: &Plan,
    on_end: impl Fn(&Program, Duration, Result<(Expected, Vec<u8>), Wrong>) + Sync,
) {
    let runs = programs.len().saturating_mul(plan.times.get());
    let next = AtomicUsize::new(0);
    let work = || {
        while !is_stopped() {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= runs {
                break;
            }
            let program = &programs[run % programs.len()];
            let started = Instant::now();
            let result = check_program(program, plan);
            on_end(program, started.elapsed(), result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..plan.jobs.get().min(runs) {
            scope.spawn(work);
        }
    });
}

fn check_program(program: &Program, plan: &Plan) -> Result<(Expected, Vec<u8>), Wrong> {
    let expected = expected_of(program, &plan.root)?;
    let binary = plan.binaries.join(&program.name);
    if !binary.is_file() {
        return Err(Wrong::NotBuilt(binary));
    }
    let output = run(&binary, &expected, plan.limit).map_err(Wrong::Run)?;
    match expected.check(&output) {
        Ok(()) => Ok((expected, output)),
        Err(mismatch) => {
            let printed = binary.with_extension("printed.txt");
            // The report stands without this file, too.
            let _ = fs::write(&printed, &output);
            let expected = program.expected_output(&plan.root);
            Err(Wrong::Mismatch { expected, mismatch, printed })
        }
    }
}

/// Reads the expected output of a program of the workspace in `root`.
pub(crate) fn expected_of(program: &Program, root: &Path) -> Result<Expected, Wrong> {
    let path = program.expected_output(root);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return Err(Wrong::NoExpectedOutput(path, error)),
    };
    let expected = match Expected::parse(&text) {
        Ok(expected) => expected,
        Err(error) => return Err(Wrong::Parse(path, error)),
    };
    let right = program.cargo_command();
    if expected.cargo_command() != right {
        return Err(Wrong::OtherProgram { path, found: expected.cargo_command().into(), right });
    }
    Ok(expected)
}
