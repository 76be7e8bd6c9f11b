//! Runs programs and compares what they print with their expected outputs.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::expected::Expected;
use crate::program::Program;
use crate::run::{is_stopped, run};

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

/// A program's expected output and what it printed, which agree, or a report of what is wrong.
pub type Outcome = Result<(Expected, Vec<u8>), String>;

/// Checks `programs`, all of them as often as the plan says, and calls `on_end` whenever one has ended: with the
/// program, the time that it took, and what came of it.
pub fn check_all(
    programs: &[Program],
    plan: &Plan,
    on_end: impl Fn(&Program, Duration, Outcome) + Sync,
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
            let outcome = check_program(program, plan);
            on_end(program, started.elapsed(), outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..plan.jobs.get().min(runs) {
            scope.spawn(work);
        }
    });
}

fn check_program(program: &Program, plan: &Plan) -> Outcome {
    let expected = expected_of(program, &plan.root)?;
    let binary = plan.binaries.join(&program.name);
    if !binary.is_file() {
        return Err(format!("{} does not exist: run `cargo build` first", binary.display()));
    }
    let output = run(&binary, &expected, plan.limit).map_err(|error| error.to_string())?;
    if let Err(mismatch) = expected.check(&output) {
        let file = binary.with_extension("printed.txt");
        let whole = match fs::write(&file, &output) {
            Ok(()) => format!("all that it printed: {}", file.display()),
            Err(error) => format!("cannot keep all that it printed in {}: {error}", file.display()),
        };
        let path = program.expected_output(&plan.root);
        let path = path.display();
        return Err(format!("what it printed is not what {path} allows:\n{mismatch}\n\n{whole}"));
    }
    Ok((expected, output))
}

/// Reads the expected output of a program of the workspace in `root`.
pub(crate) fn expected_of(program: &Program, root: &Path) -> Result<Expected, String> {
    let path = program.expected_output(root);
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let expected =
        Expected::parse(&text).map_err(|error| format!("{}, {error}", path.display()))?;
    let (found, right) = (&expected.command.cargo, program.cargo_command());
    if *found != right {
        return Err(format!(
            "{}, line 1: `{found}` runs another program; this one runs with `{right}`",
            path.display()
        ));
    }
    Ok(expected)
}
