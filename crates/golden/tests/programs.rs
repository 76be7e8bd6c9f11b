//! What each program prints agrees with expected-output/, and altered outputs are refused.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use golden::{Plan, Program, build, check_all};

use crate::mutants::mutants;

#[test]
fn programs_print_what_is_expected() {
    const JOBS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace");
    let programs = Program::in_workspace(root).expect("the programs can be listed");
    let plan = Plan {
        root: root.into(),
        binaries: build(root, &programs).expect("the programs can be built"),
        limit: Duration::from_secs(60),
        times: NonZeroUsize::MIN,
        jobs: JOBS,
    };
    let results = Mutex::new(Vec::new());
    check_all(&programs, &plan, |program, _, result| {
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        results.push((program.name.clone(), result));
    });
    let results = results.into_inner().expect("no thread has panicked");
    assert_eq!(results.len(), programs.len());

    // Only now: altering outputs takes processor time, which programs that measure time could miss.
    let mut reports = Vec::new();
    for (name, result) in results {
        match result {
            Err(wrong) => reports.push(format!("{name}: {wrong}")),
            Ok((expected, output)) => {
                let output = String::from_utf8(output).expect("it was compared as text");
                let altered = mutants(&expected, &output);
                let is_accepted = |output: &str| expected.check(output).is_ok();
                reports.extend(altered.iter().find(|mutant| is_accepted(&mutant.output)).map(
                    |mutant| {
                        format!(
                            "{name}: what it printed is right, but with {} it should not be:\n{}",
                            mutant.change, mutant.output
                        )
                    },
                ));
            }
        }
    }
    assert!(reports.is_empty(), "\n{}\n", reports.join("\n\n"));
}
