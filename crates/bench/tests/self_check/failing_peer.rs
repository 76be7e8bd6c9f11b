//! The command, with a peer that fails.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use bench::Report;

/// Says that it is a Python, and can do nothing else.
const NO_PYTHON: &str = "#!/bin/sh
case \"$3\" in import*) printf '%s\\n3.99.0\\nFalse\\n' \"$0\" ;; *) echo 'no such module' >&2; exit 1 ;; esac
";

/// The benchmark that it has no part in is measured and kept; the other is named, and tables are not
/// written without it.
pub(crate) fn figures_are_kept_when_a_peer_fails() {
    let folder = tempfile::tempdir().unwrap();
    let [python, json, page] =
        ["python3", "figures.json", "page.md"].map(|it| folder.path().join(it));
    fs::write(&python, NO_PYTHON).unwrap();
    fs::set_permissions(&python, Permissions::from_mode(0o755)).unwrap();
    let marks = "\n<!-- figures: all -->\n<!-- end of figures -->\n";
    fs::write(&page, marks).unwrap();

    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    bench.args(["--quick", "lock-alone", "queue-many-u64", "--json"]).arg(&json);
    let output = bench.arg("--readme").arg(&page).env("BENCH_PYTHON", &python).output().unwrap();

    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("1 of 2 benchmarks failed (lock-alone)"), "{said}");
    assert!(said.contains("lock-alone, CPython: python3 ended with exit status: 1"), "{said}");
    let report: Report = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let names: Vec<&str> = report.benchmarks.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["queue-many-u64"]);
    let mut from = Command::new(env!("CARGO_BIN_EXE_bench"));
    let output = from.arg("--from").arg(&json).arg("--readme").arg(&page).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("benchmarks failed (lock-alone)"), "{said}");
    assert_eq!(
        fs::read_to_string(&page).unwrap(),
        marks,
        "a page without a row that belongs there"
    );
}
