//! The command `golden`: checks what the programs print, and that the repository is complete.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use clap::{CommandFactory, Parser, error::ErrorKind};
use golden::{Plan, Program, build, check_all, findings, is_stopped, stop_all_runs};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Compares what the programs print with expected-output/, and checks that the repository is complete.
///
/// The exit code is 0 if all is right, 1 if something is wrong, 2 for wrong usage, 130 if interrupted.
#[derive(Parser)]
#[command(bin_name = "cargo run -q -p golden --")]
enum Golden {
    Check(Check),
    /// Check that every program has an expected output, its command in the header of its source, one row in README.md
    /// and a `Next:` that leads to the one after it, that nothing else has, and that its crate inherits from the
    /// workspace.
    Complete {
        /// The workspace.
        #[arg(default_value = workspace())]
        root: PathBuf,
    },
}

/// Build and run the programs, and say how each did as it ends.
#[derive(Parser)]
struct Check {
    /// The programs to run; without any, all that have an expected output.
    programs: Vec<String>,
    /// How long a program may run, in seconds, until it counts as hanging.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    limit: Duration,
    /// How often to run each.
    #[arg(long, value_name = "N", default_value = "1")]
    times: NonZeroUsize,
    /// How many run at once: they mostly sleep.
    #[arg(long, value_name = "N", default_value = "32")]
    jobs: NonZeroUsize,
    /// The workspace.
    #[arg(long, value_name = "DIR", default_value = workspace())]
    root: PathBuf,
    /// Where the programs' binaries are; then nothing is built.
    #[arg(long, value_name = "DIR")]
    binaries: Option<PathBuf>,
}

fn main() -> ExitCode {
    let result = match Golden::parse() {
        Golden::Check(options) => check(options),
        Golden::Complete { root } => complete(&root),
    };
    result.unwrap_or_else(|error| {
        eprintln!("golden: {error}");
        ExitCode::FAILURE
    })
}

fn check(options: Check) -> Result<ExitCode, Box<dyn Error>> {
    let programs = chosen(&options)?;
    let binaries = match &options.binaries {
        // Programs run in directories of their own, from where a relative path leads elsewhere.
        Some(directory) => std::path::absolute(directory)?,
        None => build(&options.root, &programs)
            .map_err(|error| format!("cannot build the programs: {error}"))?,
    };
    let Check { limit, times, jobs, root, .. } = options;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || signals.forever().for_each(|_| stop_all_runs()));

    let width = programs.iter().map(|program| program.name.len()).max().unwrap_or(0);
    let wrong: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    let plan = Plan { root, binaries, limit, times, jobs };
    check_all(&programs, &plan, |Program { name, .. }, took, result| {
        let took = format!("{:.1} s", took.as_secs_f64());
        match result {
            _ if is_stopped() => {}
            Ok(_) => println!("ok    {name:width$}  {took}"),
            Err(report) => {
                println!("WRONG {name:width$}  {took}\n{}\n", indented(&report.to_string()));
                let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                *wrong.entry(name.clone()).or_default() += 1;
            }
        }
    });
    if is_stopped() {
        eprintln!("golden: interrupted");
        return Ok(ExitCode::from(130));
    }
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{}", summary(programs.len(), &wrong, times.get()));
    Ok(ExitCode::from(u8::from(!wrong.is_empty())))
}

/// The programs to run: those that were named, or all that have an expected output.
fn chosen(options: &Check) -> Result<Vec<Program>, Box<dyn Error>> {
    let root = &options.root;
    let mut programs = Program::in_workspace(root)
        .map_err(|error| format!("cannot read the programs of {}: {error}", root.display()))?;
    let names: BTreeSet<&String> = options.programs.iter().collect();
    if let Some(name) =
        names.iter().find(|name| programs.iter().all(|program| program.name != ***name))
    {
        let message = format!("there is no program {name}; README.md has a table of them");
        Golden::command().error(ErrorKind::InvalidValue, message).exit();
    }
    programs.retain(|program| match names.is_empty() {
        true => program.expected_output(root).is_file(),
        false => names.contains(&program.name),
    });
    if programs.is_empty() {
        return Err(format!("no program in {} has an expected output", root.display()).into());
    }
    Ok(programs)
}

fn indented(report: &str) -> String {
    let lines: Vec<String> = report
        .lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
        .collect();
    lines.join("\n")
}

/// One line: how many of the programs are right, or which are wrong, and how often of how many times.
fn summary(programs: usize, wrong: &BTreeMap<String, usize>, times: usize) -> String {
    let each = if times > 1 { format!(", {times} times each") } else { String::new() };
    if wrong.is_empty() {
        let plural = if programs == 1 { "" } else { "s" };
        return format!("{programs} program{plural} right{each}");
    }
    let name = |(name, count): (&String, &usize)| match times {
        1 => name.clone(),
        _ => format!("{name} ({count} of {times} times)"),
    };
    let names: Vec<String> = wrong.iter().map(name).collect();
    format!("{} of {programs} wrong: {}", wrong.len(), names.join(", "))
}

fn complete(root: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let findings =
        findings(root).map_err(|error| format!("cannot read {}: {error}", root.display()))?;
    for finding in &findings {
        println!("{finding}");
    }
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}

/// The workspace that this command was built in.
fn workspace() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../..")
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| !seconds.is_zero()).ok_or("a number above 0 is needed".into())
}
