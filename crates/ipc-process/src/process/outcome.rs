//! [`Outcome`]: how a process ends, by what its work returns.

use std::fmt::Debug;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::process::current::current_process;

/// What a process's work may return, as `main` may: nothing, an [`ExitCode`], or a `Result` of one of
/// these.
///
/// An `Err` is printed on standard error with the name and id of the process that it ended:
///
/// ```text
/// Process shard-1 (4711): Error: disk full
/// ```
///
/// It is a trait of its own because std's `Termination`, which prints the error, does not say who.
#[diagnostic::on_unimplemented(
    message = "a process cannot end with `{Self}`",
    note = "its work may return nothing, an `ExitCode`, or a `Result` of these whose error has `Debug`"
)]
pub trait Outcome {
    /// Reports what is to be reported, and returns the exit code.
    fn report(self) -> ExitCode;
}

impl Outcome for () {
    fn report(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

impl Outcome for ExitCode {
    fn report(self) -> ExitCode {
        self
    }
}

impl<T: Outcome, E: Debug> Outcome for Result<T, E> {
    fn report(self) -> ExitCode {
        match self {
            Ok(outcome) => outcome.report(),
            Err(error) => {
                report(&format!("Error: {error:?}"));
                ExitCode::FAILURE
            }
        }
    }
}

/// Names the type `!`, which is the result of `|| panic!()` and may not yet be written here.
pub trait Returns {
    type Result;
}

impl<T> Returns for fn() -> T {
    type Result = T;
}

impl Outcome for <fn() -> ! as Returns>::Result {
    fn report(self) -> ExitCode {
        self
    }
}

/// Prints it on standard error with the name of this process, at once: several may fail together.
pub(crate) fn report(what: &str) {
    let me = current_process();
    let line = format!("Process {} ({}): {what}\n", me.name(), me.pid());
    let _ = io::stderr().write_all(line.as_bytes()); // there is nowhere else to say it
}
