//! The whole test of a demo crate.

use std::path::{Path, PathBuf};
use std::{env, thread};

use crate::{DEFAULT_LIMIT, Program, check_program, mutants};

/// Runs all programs of the crate in `manifest_dir` at once and compares what they print with what is expected of
/// them; then changes each output in many ways, each of which the comparison must refuse.
///
/// A demo crate has this as its test:
///
/// ```no_run
/// //! What each program of this crate prints agrees with expected-output/.
/// #[test]
/// # fn shown() {}
/// fn programs_print_what_is_expected() {
///     golden::check_crate(env!("CARGO_MANIFEST_DIR"));
/// }
/// # fn main() {}
/// ```
///
/// # Panics
///
/// If something is wrong, with a report on each program.
#[track_caller]
pub fn check_crate(manifest_dir: &str) {
    let crate_dir = Path::new(manifest_dir);
    let result = built_binaries().and_then(|binaries| check_programs(crate_dir, &binaries));
    if let Err(report) = result {
        panic!("{report}");
    }
}

/// Where Cargo puts the binaries of the crate whose test this process is.
fn built_binaries() -> Result<PathBuf, String> {
    let test = env::current_exe()
        .map_err(|error| format!("cannot find the binary of this test: {error}"))?;
    let directory = test.ancestors().nth(2);
    directory
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("{} is in no target directory", test.display()))
}

fn check_programs(crate_dir: &Path, binaries: &Path) -> Result<(), String> {
    let cannot_read =
        |error| format!("cannot read the programs of {}: {error}", crate_dir.display());
    let programs = Program::in_crate(crate_dir).map_err(cannot_read)?;
    let root = crate_dir.ancestors().nth(2).unwrap_or(crate_dir);
    if programs.is_empty() {
        return Err(format!("{} has no src/main.rs and nothing in src/bin", crate_dir.display()));
    }
    let reports: Vec<String> = thread::scope(|scope| {
        let check = |program: &Program| report(program, root, binaries);
        let checks: Vec<_> =
            programs.iter().map(|program| scope.spawn(move || check(program))).collect();
        checks
            .into_iter()
            .filter_map(|check| {
                check.join().unwrap_or_else(|_| Some("the checker itself panicked".into()))
            })
            .collect()
    });
    if reports.is_empty() { Ok(()) } else { Err(format!("\n{}\n", reports.join("\n\n"))) }
}

/// What is wrong with a program, or with the checker when it looks at the program's output.
fn report(program: &Program, root: &Path, binaries: &Path) -> Option<String> {
    let name = &program.name;
    let (expected, output) = match check_program(program, root, binaries, DEFAULT_LIMIT) {
        Ok(right) => right,
        Err(wrong) => return Some(format!("{name}: {wrong}")),
    };
    let output = String::from_utf8_lossy(&output);
    let accepted = mutants(&expected, &output)
        .into_iter()
        .find(|mutant| expected.check(&mutant.output).is_ok());
    accepted.map(|mutant| {
        format!(
            "{name}: what it printed is right, but with {} it should not be:\n{}",
            mutant.change, mutant.output
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::scratch::Scratch;

    /// A crate whose programs are shell scripts: the binary is the shell, and the script is its argument.
    struct ScriptCrate {
        scratch: Scratch,
    }

    impl ScriptCrate {
        fn new() -> ScriptCrate {
            let scratch = Scratch::new().unwrap();
            for directory in ["crates/demo/src/bin", "expected-output", "binaries"] {
                fs::create_dir_all(scratch.path().join(directory)).unwrap();
            }
            ScriptCrate { scratch }
        }

        fn add(&self, name: &str, script: &str, body: &str) {
            let root = self.scratch.path();
            let (option, source) = if name == "demo" {
                ("-p", "main.rs".into())
            } else {
                ("--bin", format!("bin/{name}.rs"))
            };
            let script_path = root.join(format!("{name}.sh"));
            fs::write(root.join("crates/demo/src").join(source), "").unwrap();
            fs::write(&script_path, script).unwrap();
            let head = format!("$ cargo run {option} {name} -- {}", script_path.display());
            self.expect(name, &format!("{head}\n\n{body}"));
            symlink("/bin/sh", root.join("binaries").join(name)).unwrap();
        }

        fn expect(&self, name: &str, expected: &str) {
            fs::write(self.scratch.path().join(format!("expected-output/{name}.txt")), expected)
                .unwrap();
        }

        fn check(&self) -> Result<(), String> {
            let root = self.scratch.path();
            check_programs(&root.join("crates/demo"), &root.join("binaries"))
        }

        #[track_caller]
        fn assert_report(&self, part: &str) {
            let report = self.check().unwrap_err();
            assert!(report.contains(part), "{report}");
        }
    }

    #[test]
    fn all_programs_that_are_right_pass() {
        let demo = ScriptCrate::new();
        demo.add(
            "demo",
            "echo I am $$; (echo child of $$)",
            "a | I am <pid:a>\na | child of <pid:a>\n",
        );
        demo.add("demo-two", "echo one; echo two", "a | one\na | two\n");
        assert_eq!(demo.check(), Ok(()));
    }

    #[test]
    fn each_program_that_is_wrong_is_reported() {
        let demo = ScriptCrate::new();
        demo.add("demo", "echo right", "a | right\n");
        demo.add("demo-exits", "exit 3", "");
        demo.add("demo-prints", "echo other", "a | one\n");
        demo.assert_report("demo-exits: it ended with exit code 3");
        demo.assert_report("demo-prints: what it printed is not what");
        assert!(!demo.check().unwrap_err().contains("demo:"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let demo = ScriptCrate::new();
        demo.assert_report("has no src/main.rs and nothing in src/bin");

        demo.add("demo", "", "");
        fs::remove_file(demo.scratch.path().join("binaries/demo")).unwrap();
        demo.assert_report("demo does not exist: run `cargo build` first");
        demo.expect("demo", "$ cargo run -p other\n\n");
        demo.assert_report("demo.txt, line 1: `cargo run -p other` runs another program");
        demo.expect("demo", "$ cargo run -p demo\n\nx\n");
        demo.assert_report("demo.txt, line 3: there is no bar");
        fs::remove_file(demo.scratch.path().join("expected-output/demo.txt")).unwrap();
        demo.assert_report("demo.txt: No such file");
    }
}
