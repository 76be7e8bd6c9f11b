#![doc = include_str!("../README.md")]
#![allow(clippy::test_attr_in_doctest, reason = "a project made of the README runs its test")]

#[allow(unsafe_code, reason = "it calls a function by its address, before `main`")]
mod before_main;
mod descendants;
mod report;
#[allow(unsafe_code, reason = "it asks the linker where a function comes from")]
mod text;
mod trial;

use std::env;
use std::process::Termination;
use std::time::Duration;

/// What other harnesses of this workspace need. No part of the interface: it may change with any
/// version.
#[doc(hidden)]
pub mod internal {
    pub use crate::trial::{Trial, try_in_new_process};
}

const LIMIT: Duration = Duration::from_secs(180);

/// Runs a test on the main thread of a new process, and returns if it passes there.
///
/// Waits until that process has ended, and with it the children that it waits for at its end; after three
/// minutes it is killed with them. See the [crate's page](crate) for an example.
///
/// Python's tests need nothing of the kind: `unittest` runs them on the main thread.
///
/// # Panics
///
/// If the test fails: if it panics, returns an error, is killed, ends its process early, or takes longer than
/// three minutes. The message says which; that of a panic is part of it, so that
/// `#[should_panic(expected = "…")]` can tell.
#[track_caller]
pub fn run<T: Termination>(test: fn() -> T) {
    run_within(LIMIT, test);
}

/// As [`run`], with another time limit.
///
/// ```
/// use std::time::Duration;
///
/// use ipc_common::Process;
///
/// # fn main() {
/// ipc_test::run_within(Duration::from_secs(20), || {
///     let child = Process::new(|| ()).start().unwrap();
///     assert_eq!(child.join().unwrap(), 0);
/// });
/// # }
/// ```
///
/// # Panics
///
/// As [`run`], after this time instead of three minutes.
#[track_caller]
pub fn run_within<T: Termination>(limit: Duration, test: fn() -> T) {
    let trial = trial::try_in_new_process(limit, is_captured(), test);
    let trial = trial.unwrap_or_else(|error| panic!("{error}"));
    print!("{}", trial.printed); // by the macro, so that the harness captures it
    if let Some(failure) = trial.failure {
        panic!("{failure}");
    }
}

/// Not with what makes the standard harness show all at once.
fn is_captured() -> bool {
    !env::args_os().any(|argument| argument == "--nocapture" || argument == "--no-capture")
        && env::var_os("RUST_TEST_NOCAPTURE").is_none_or(|value| value == "0")
}
