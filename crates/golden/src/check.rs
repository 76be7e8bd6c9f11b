//! Runs programs and compares what they print with their expected outputs.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use crate::expected::Expected;
use crate::program::{Program, WORKSPACE, build};
use crate::run::{STOP, run};
use crate::trouble::end;

/// How programs are checked.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// How long a program may run, in seconds, until it counts as hanging.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub limit: Duration,
    /// How often to run each.
    #[arg(long, value_name = "N", default_value = "1")]
    pub times: NonZeroUsize,
    /// How many run at once: they mostly sleep.
    #[arg(long, value_name = "N", default_value = "32")]
    pub jobs: NonZeroUsize,
    /// The workspace.
    #[arg(long, value_name = "DIR", default_value = WORKSPACE)]
    pub root: PathBuf,
    /// Where the programs' binaries are; then nothing is built.
    #[arg(long, value_name = "DIR")]
    pub binaries: Option<PathBuf>,
}

/// A program's expected output and what it printed, which agree, or a report of what is wrong.
pub type Outcome = Result<(Expected, Vec<u8>), String>;

/// Builds and checks `programs`, all of them as often as the plan says, and calls `on_end` whenever one has ended:
/// with the program, the time that it took, and what came of it.
///
/// # Errors
///
/// If the programs cannot be built.
pub fn check_all(
    programs: &[Program],
    plan: &Plan,
    mut on_end: impl FnMut(&Program, Duration, Outcome),
) -> io::Result<()> {
    let binaries = &match &plan.binaries {
        // Programs run in directories of their own, from where a relative path leads elsewhere.
        Some(directory) => std::path::absolute(directory)?,
        None => build(&plan.root, programs)?,
    };
    let runs = programs.len().saturating_mul(plan.times.get());
    let next = &AtomicUsize::new(0);
    let (sender, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..plan.jobs.get().min(runs) {
            let sender = sender.clone();
            scope.spawn(move || {
                while let run = next.fetch_add(1, Ordering::Relaxed)
                    && run < runs
                    && !STOP.load(Ordering::Relaxed)
                {
                    let program = &programs[run % programs.len()];
                    let started = Instant::now();
                    let outcome = check_program(program, plan, binaries);
                    // The receiver lives until all have sent.
                    let _ = sender.send((program, started.elapsed(), outcome));
                }
            });
        }
        drop(sender);
        outcomes.into_iter().for_each(|(program, took, outcome)| on_end(program, took, outcome));
    });
    Ok(())
}

fn check_program(program: &Program, plan: &Plan, binaries: &Path) -> Outcome {
    let expected = expected_of(program, &plan.root)?;
    let binary = binaries.join(&program.name);
    if !binary.is_file() {
        return Err(format!("{} does not exist: run `cargo build` first", binary.display()));
    }
    let printed = run(&binary, &expected, plan.limit).map_err(|error| error.to_string())?;
    if let Err(mismatch) = expected.check(&printed.stdout) {
        let file = binary.with_extension("printed.txt");
        let whole = match fs::write(&file, &printed.stdout) {
            Ok(()) => format!("all that it printed: {}", file.display()),
            Err(error) => format!("cannot keep all that it printed in {}: {error}", file.display()),
        };
        return Err(format!(
            "what it printed is not what {} allows:\n{mismatch}\n\n{whole}{}",
            program.expected_output(Path::new("")).display(),
            end("standard error", &printed.stderr)
        ));
    }
    Ok((expected, printed.stdout))
}

/// Reads the expected output of a program of the workspace in `root`.
///
/// # Errors
///
/// If the file cannot be read or understood, or is about another program.
pub fn expected_of(program: &Program, root: &Path) -> Result<Expected, String> {
    let path = program.expected_output(root);
    let shown = path.display();
    let text = fs::read_to_string(&path).map_err(|e| format!("cannot read {shown}: {e}"))?;
    let expected = Expected::parse(&text).map_err(|error| format!("{shown}, {error}"))?;
    let (found, right) = (&expected.command.cargo, program.cargo_command());
    if *found != right {
        let fault = format!("`{found}` runs another program; this one runs with `{right}`");
        return Err(format!("{shown}, line 1: {fault}"));
    }
    Ok(expected)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| !seconds.is_zero()).ok_or("a number above 0 is needed".into())
}
