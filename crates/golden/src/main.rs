//! The command `golden`: checks what the programs print, and that the repository is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{env, fmt, thread};

use golden::{Plan, Program, check_all, findings, stop_all_runs};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

const HELP: &str = "\
Compares what the programs print with expected-output/, and checks that the repository is complete.

Usage: cargo run -q -p golden -- COMMAND

Commands:
  check [PROGRAM…]  run the programs, or all that have an expected output, and say how each did as it ends
  complete [ROOT]   check that every program has its expected output, test, header and README row

`COMMAND --help` says more. The exit code is 0 if all is right, 1 if something is wrong, 2 for wrong usage.";

const CHECK_HELP: &str = "\
Runs programs that are built, and compares what they print with expected-output/.

Usage: cargo run -q -p golden -- check [OPTION…] [PROGRAM…]

Without PROGRAM, all that have an expected output are run.

Options:
  --limit SECONDS  how long a program may run until it counts as hanging (60)
  --times N        how often to run each (1)
  --jobs N         how many run at once, at most 32 (32: they mostly sleep)
  --root DIR       the workspace (the one this command was built in)
  --binaries DIR   where the programs' binaries are (where this command itself is)";

const COMPLETE_HELP: &str = "\
Checks that the repository is complete: each demo crate inherits from the workspace and has its test; each program
has an expected output, its command in the header of its source, and one row in README.md; nothing else has.

Usage: cargo run -q -p golden -- complete [ROOT]

ROOT is the workspace, by default the one this command was built in.";

/// More programs at once than this are no gain.
const MAX_JOBS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);

fn main() -> ExitCode {
    match dispatch(env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("golden: {error}");
            ExitCode::from(if error.is::<Misuse>() { 2 } else { 1 })
        }
    }
}

/// Runs the command; false if it found something wrong.
fn dispatch(mut args: impl Iterator<Item = String>) -> Result<bool, Box<dyn Error>> {
    let command = args.next().ok_or(Misuse("no command".into()))?;
    let args: Vec<String> = args.collect();
    let wants_help = args.iter().any(|arg| is_help(arg));
    match command.as_str() {
        _ if is_help(&command) => print_help(HELP),
        "check" if wants_help => print_help(CHECK_HELP),
        "complete" if wants_help => print_help(COMPLETE_HELP),
        "check" => check(Check::parse(args)?),
        "complete" => complete(args),
        _ => Err(Misuse(format!("there is no command {command}")).into()),
    }
}

fn is_help(arg: &str) -> bool {
    matches!(arg, "--help" | "-h")
}

fn print_help(help: &str) -> Result<bool, Box<dyn Error>> {
    println!("{help}");
    Ok(true)
}

/// What `check` is to do.
struct Check {
    plan: Plan,
    /// Names of programs; none means all.
    programs: Vec<String>,
}

impl Check {
    fn parse(args: Vec<String>) -> Result<Check, Box<dyn Error>> {
        let this_binary = env::current_exe()?;
        let binaries = this_binary.parent().unwrap_or(Path::new("."));
        let mut plan = Plan::new(workspace(), binaries.to_path_buf());
        let mut programs = Vec::new();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| Misuse(format!("{arg} needs a value")));
            match arg.as_str() {
                "--limit" => plan.limit = seconds(&value()?)?,
                "--times" => plan.times = count("--times", &value()?)?,
                "--jobs" => plan.jobs = count("--jobs", &value()?)?.min(MAX_JOBS),
                "--root" => plan.root = value()?.into(),
                "--binaries" => plan.binaries = value()?.into(),
                _ if arg.starts_with('-') => {
                    return Err(no_option(&arg).into());
                }
                _ => programs.push(arg),
            }
        }
        // Programs run in directories of their own, from where a relative path leads elsewhere.
        plan.binaries = std::path::absolute(&plan.binaries)?;
        Ok(Check { plan, programs })
    }

    /// The programs to run: those that were named, or all that have an expected output.
    fn programs(&self) -> Result<Vec<Program>, Box<dyn Error>> {
        let root = &self.plan.root;
        let mut all = Program::in_workspace(root)
            .map_err(|error| format!("cannot read the programs of {}: {error}", root.display()))?;
        if self.programs.is_empty() {
            all.retain(|program| program.expected_output(root).is_file());
            return Ok(all);
        }
        let named = |name: &String| all.iter().find(|program| program.name == *name).cloned();
        let find =
            |name| named(name).ok_or_else(|| Misuse(format!("there is no program {name}")).into());
        let names: BTreeSet<&String> = self.programs.iter().collect();
        names.into_iter().map(find).collect()
    }
}

fn check(check: Check) -> Result<bool, Box<dyn Error>> {
    let programs = check.programs()?;
    if programs.is_empty() {
        return Err(
            format!("no program in {} has an expected output", check.plan.root.display()).into()
        );
    }
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || signals.forever().for_each(|_| stop_all_runs()));

    let width = programs.iter().map(|program| program.name.len()).max().unwrap_or(0);
    let wrong: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    check_all(&programs, &check.plan, |Program { name, .. }, took, result| {
        let took = format!("{:.1} s", took.as_secs_f64());
        match result {
            Ok(()) => println!("ok    {name:width$}  {took}"),
            Err(report) => {
                println!("WRONG {name:width$}  {took}\n{}\n", indented(&report.to_string()));
                let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                *wrong.entry(name.clone()).or_default() += 1;
            }
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{}", summary(programs.len(), &wrong, check.plan.times.get()));
    Ok(wrong.is_empty())
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

fn complete(args: Vec<String>) -> Result<bool, Box<dyn Error>> {
    if let Some(option) = args.iter().find(|arg| arg.starts_with('-')) {
        return Err(no_option(option).into());
    }
    let root = match args.as_slice() {
        [] => workspace(),
        [root] => root.into(),
        _ => return Err(Misuse("complete takes one directory at most".into()).into()),
    };
    let findings =
        findings(&root).map_err(|error| format!("cannot read {}: {error}", root.display()))?;
    for finding in &findings {
        println!("{finding}");
    }
    Ok(findings.is_empty())
}

/// The workspace that this command was built in.
fn workspace() -> PathBuf {
    let this_crate = Path::new(env!("CARGO_MANIFEST_DIR"));
    this_crate.ancestors().nth(2).unwrap_or(this_crate).to_path_buf()
}

fn no_option(option: &str) -> Misuse {
    Misuse(format!("there is no option {option}"))
}

fn seconds(text: &str) -> Result<Duration, Misuse> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .filter(|seconds| !seconds.is_zero())
        .ok_or(Misuse(format!("--limit takes seconds, not {text}")))
}

fn count(option: &str, text: &str) -> Result<NonZeroUsize, Misuse> {
    text.parse().map_err(|_| Misuse(format!("{option} takes a number from 1, not {text}")))
}

/// What a person got wrong on the command line.
#[derive(Debug)]
struct Misuse(String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; see --help", self.0)
    }
}

impl Error for Misuse {}
