//! Runs one program and compares what it printed with its expected output.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs, io};

use crate::{Expected, Mismatch, ParseError, Program, RunError, run};

/// Why a program is not right.
#[derive(Debug)]
pub enum Wrong {
    /// Its expected output cannot be read.
    NoExpectedOutput(PathBuf, io::Error),
    /// Its expected output cannot be understood.
    Parse(PathBuf, ParseError),
    /// The command in its expected output runs something else.
    OtherProgram {
        /// The expected output.
        path: PathBuf,
        /// The command in it.
        found: String,
        /// The command that runs the program.
        right: String,
    },
    /// Its binary does not exist.
    NotBuilt(PathBuf),
    /// It did not run well.
    Run(RunError),
    /// It printed something else.
    Mismatch(PathBuf, Mismatch),
}

/// Runs a program of the workspace in `root`, whose binary is in the directory `binaries`, for at most `limit`.
///
/// Returns what is expected of it and what it printed, which agree.
///
/// # Errors
///
/// Whatever is wrong with the program or with its expected output.
pub fn check_program(
    program: &Program,
    root: &Path,
    binaries: &Path,
    limit: Duration,
) -> Result<(Expected, Vec<u8>), Wrong> {
    let expected = expected_of(program, root)?;
    let binary = binaries.join(&program.name);
    if !binary.is_file() {
        return Err(Wrong::NotBuilt(binary));
    }
    let output = run(&binary, &expected, limit).map_err(Wrong::Run)?;
    match expected.check(&output) {
        Ok(()) => Ok((expected, output)),
        Err(mismatch) => Err(Wrong::Mismatch(program.expected_output(root), mismatch)),
    }
}

/// Reads the expected output of a program.
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

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::NoExpectedOutput(path, error) => {
                write!(f, "cannot read {}: {error}", path.display())
            }
            Wrong::Parse(path, error) => write!(f, "{}, {error}", path.display()),
            Wrong::OtherProgram { path, found, right } => {
                write!(
                    f,
                    "{}, line 1: `{found}` runs another program; this one runs with `{right}`",
                    path.display()
                )
            }
            Wrong::NotBuilt(binary) => {
                write!(f, "{} does not exist: run `cargo build` first", binary.display())
            }
            Wrong::Run(error) => error.fmt(f),
            Wrong::Mismatch(path, mismatch) => {
                write!(f, "what it printed is not what {} allows:\n{mismatch}", path.display())
            }
        }
    }
}

impl std::error::Error for Wrong {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Wrong::NoExpectedOutput(_, error) => Some(error),
            Wrong::Parse(_, error) => Some(error),
            Wrong::Run(error) => Some(error),
            Wrong::Mismatch(_, mismatch) => Some(mismatch),
            Wrong::OtherProgram { .. } | Wrong::NotBuilt(_) => None,
        }
    }
}
