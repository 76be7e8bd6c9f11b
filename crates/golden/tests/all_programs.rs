//! What each program prints agrees with expected-output/, and altered outputs are refused.
//!
//! The first by its name, and so the first to be run: the others run while the programs sleep.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use golden::check::{Outcome, Plan, check_all};
use golden::expected::Expected;
use golden::program::{Program, WORKSPACE, build};

use crate::mutants::{Mutant, mutants};

/// They sleep for 10 to 20 seconds in all, which the others can be built in.
const LONGEST: [&str; 3] = ["pipe", "ipc-timestamps", "pid"];

type Results = Vec<(String, Outcome)>;

#[test]
fn programs_print_what_is_expected() {
    let programs = Program::in_workspace(Path::new(WORKSPACE)).expect("the programs can be listed");
    let is_long = |program: &Program| LONGEST.contains(&program.name.as_str());
    let (longest, others): (Vec<_>, Vec<_>) = programs.into_iter().partition(is_long);
    assert_eq!(longest.len(), LONGEST.len(), "a program has another name now");
    let binaries = build(Path::new(WORKSPACE), &longest).expect("programs can be built");
    let results = thread::scope(|scope| {
        let longest = scope.spawn(|| check(&longest, Some(binaries)));
        let mut results = check(&others, None);
        results.extend(longest.join().expect("the longest are checked"));
        results
    });

    // Only now: to alter all outputs keeps every processor busy, and programs that measure time would miss that.
    let reports: Vec<String> = results
        .into_iter()
        .filter_map(|(name, result)| {
            let report =
                result.map_or_else(Some, |(expected, output)| accepted_mutant(&expected, output));
            report.map(|report| format!("{name}: {report}"))
        })
        .collect();
    assert!(reports.is_empty(), "\n{}\n", reports.join("\n\n"));
}

/// Runs each program once.
fn check(programs: &[Program], binaries: Option<PathBuf>) -> Results {
    let plan = Plan {
        root: WORKSPACE.into(),
        binaries,
        limit: Duration::from_secs(60),
        times: NonZeroUsize::MIN,
        jobs: NonZeroUsize::MIN.saturating_add(31),
    };
    let mut results = Results::new();
    check_all(programs, &plan, |program, _, result| results.push((program.name.clone(), result)))
        .expect("the programs can be built");
    assert_eq!(results.len(), programs.len());
    results
}

/// A report of an altered output that is not refused.
fn accepted_mutant(expected: &Expected, output: Vec<u8>) -> Option<String> {
    let output = String::from_utf8(output).expect("it was compared as text");
    let mut altered = mutants(expected, &output).into_iter();
    let Mutant { change, output } =
        altered.find(|mutant| expected.check(&mutant.output).is_ok())?;
    Some(format!("what it printed is right, but with {change} it should not be:\n{output}"))
}
