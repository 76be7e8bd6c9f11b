//! What each program prints agrees with expected-output/, and altered outputs are refused.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use golden::check::{Plan, check_all};
use golden::expected::Expected;
use golden::program::{Program, WORKSPACE};

use crate::mutants::{Mutant, mutants};

#[test]
fn programs_print_what_is_expected() {
    const JOBS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);

    let root = Path::new(WORKSPACE);
    let programs = Program::in_workspace(root).expect("the programs can be listed");
    let plan = Plan {
        root: root.into(),
        binaries: None,
        limit: Duration::from_secs(60),
        times: NonZeroUsize::MIN,
        jobs: JOBS,
    };
    let mut results = Vec::new();
    check_all(&programs, &plan, |program, _, result| results.push((program.name.clone(), result)))
        .expect("the programs can be built");
    assert_eq!(results.len(), programs.len());

    // Only now: altering outputs takes processor time, which programs that measure time would miss.
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

/// A report of an altered output that is not refused.
fn accepted_mutant(expected: &Expected, output: Vec<u8>) -> Option<String> {
    let output = String::from_utf8(output).expect("it was compared as text");
    let mut altered = mutants(expected, &output).into_iter();
    let Mutant { change, output } =
        altered.find(|mutant| expected.check(&mutant.output).is_ok())?;
    Some(format!("what it printed is right, but with {change} it should not be:\n{output}"))
}
