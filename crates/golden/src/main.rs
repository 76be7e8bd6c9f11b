//! The command `golden`: checks what the programs print, and that the repository is complete.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;

use clap::{CommandFactory, Parser, error::ErrorKind};
use golden::check::{Plan, check_all};
use golden::complete::findings;
use golden::program::{Program, WORKSPACE};
use golden::run::STOP;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Compares what the programs print with expected-output/, and checks that the repository is complete.
///
/// The exit code is 0 if all is right, 1 if something is wrong, 2 for wrong usage, 130 if interrupted.
#[derive(Parser)]
#[command(bin_name = "cargo run -q -p golden --")]
enum Golden {
    /// Build and run the programs, and say how each did as it ends.
    Check {
        /// The programs to run; without any, all that have an expected output.
        programs: Vec<String>,
        #[command(flatten)]
        plan: Plan,
    },
    /// Check that every program has an expected output, its command in the header of its source, one row in README.md
    /// and a `Next:` that leads to the one after it, that nothing else has, and that its crate inherits from the
    /// workspace.
    Complete {
        /// The workspace.
        #[arg(default_value = WORKSPACE)]
        root: PathBuf,
    },
}

fn main() -> ExitCode {
    let result = match Golden::parse() {
        Golden::Check { programs, plan } => check(&programs, &plan),
        Golden::Complete { root } => complete(&root),
    };
    result.unwrap_or_else(|error| {
        eprintln!("golden: {error}");
        ExitCode::FAILURE
    })
}

fn check(names: &[String], plan: &Plan) -> Result<ExitCode, Box<dyn Error>> {
    let programs = chosen(names, &plan.root)?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || signals.forever().for_each(|_| STOP.store(true, Ordering::Relaxed)));

    let width = programs.iter().map(|program| program.name.len()).max().unwrap_or(0);
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    let result = check_all(&programs, plan, |Program { name, .. }, took, outcome| {
        let took = format!("{:.1} s", took.as_secs_f64());
        match outcome {
            _ if STOP.load(Ordering::Relaxed) => {}
            Ok(_) => println!("ok    {name:width$}  {took}"),
            Err(report) => {
                let lines = report.lines().map(|line| format!("\n  {line}"));
                println!("WRONG {name:width$}  {took}{}\n", lines.collect::<String>());
                *wrong.entry(name.clone()).or_default() += 1;
            }
        }
    });
    if STOP.load(Ordering::Relaxed) {
        eprintln!("golden: interrupted");
        return Ok(ExitCode::from(130));
    }
    result?;
    println!("{}", summary(programs.len(), &wrong, plan.times.get()));
    Ok(ExitCode::from(u8::from(!wrong.is_empty())))
}

/// The programs to run: those that are named, or all that have an expected output.
fn chosen(names: &[String], root: &Path) -> Result<Vec<Program>, Box<dyn Error>> {
    let mut programs = Program::in_workspace(root)
        .map_err(|error| format!("cannot read the programs of {}: {error}", root.display()))?;
    let is_unknown = |name: &&String| programs.iter().all(|program| program.name != **name);
    if let Some(name) = names.iter().find(is_unknown) {
        let message = format!("there is no program {name}; README.md has a table of them");
        Golden::command().error(ErrorKind::InvalidValue, message).exit();
    }
    programs.retain(|program| match names {
        [] => program.expected_output(root).is_file(),
        names => names.contains(&program.name),
    });
    if programs.is_empty() {
        return Err(format!("no program in {} has an expected output", root.display()).into());
    }
    Ok(programs)
}

/// One line: how many of the programs are right, or which are wrong, and how often of how many times.
fn summary(programs: usize, wrong: &BTreeMap<String, usize>, times: usize) -> String {
    let name = |(name, count): (&String, &usize)| match times {
        1 => name.clone(),
        _ => format!("{name} ({count} of {times} times)"),
    };
    let names: Vec<String> = wrong.iter().map(name).collect();
    match (names.len(), times) {
        (0, 1) if programs == 1 => "1 program right".into(),
        (0, 1) => format!("{programs} programs right"),
        (0, _) => format!("{programs} programs right, {times} times each"),
        (count, _) => format!("{count} of {programs} wrong: {}", names.join(", ")),
    }
}

fn complete(root: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let findings = findings(root).map_err(|e| format!("cannot read {}: {e}", root.display()))?;
    findings.iter().for_each(|finding| println!("{finding}"));
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}
