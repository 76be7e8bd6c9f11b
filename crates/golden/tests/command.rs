//! The command `golden`, on workspaces that are made up.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A workspace whose programs are shell scripts: the binary is the shell, and the script is its argument.
struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Two crates, one with two programs, and nothing wrong.
    fn new(name: &str) -> Workspace {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{name}"));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("binaries")).expect("a directory can be made");
        let workspace = Workspace { root };
        workspace.add("fork", "fork", "echo forked", "a | forked\n");
        workspace.add("zombie-orphan", "zombie", "echo brains", "a | brains\n");
        workspace.add("zombie-orphan", "orphan", "echo alone", "a | alone\n");
        workspace.manifest("fork", "");
        workspace.manifest("zombie-orphan", "default-run = \"zombie\"\n");
        workspace.write(
            "README.md",
            "# Programs\n\n| program | shows |\n|---|---|\n| `fork` | x |\n| `zombie` | x |\n| `orphan` | x |\n",
        );
        // The library is no demo, and a file is no crate.
        workspace.write("crates/ipc-common/Cargo.toml", "");
        workspace.write("crates/notes.txt", "");
        workspace
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory can be made");
        fs::write(path, text).expect("a file can be written");
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).expect("a file can be removed");
    }

    fn change(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root.join(path)).expect("a file can be read");
        assert!(text.contains(from), "{text}");
        self.write(path, &text.replace(from, to));
    }

    fn add(&self, crate_name: &str, name: &str, script: &str, body: &str) {
        let source = if name == crate_name { "src/main".into() } else { format!("src/bin/{name}") };
        let option = if name == crate_name { "-p" } else { "--bin" };
        let script_path = self.root.join(format!("scripts/{name}.sh"));
        let command = format!("cargo run {option} {name} -- {}", script_path.display());
        self.write(&format!("scripts/{name}.sh"), script);
        self.write(
            &format!("crates/{crate_name}/{source}.rs"),
            &format!("//! Shows it.\n//!\n//! `{command}`\n\nfn main() {{}}\n"),
        );
        self.write(&format!("expected-output/{name}.txt"), &format!("$ {command}\n\n{body}"));
        symlink("/bin/sh", self.root.join("binaries").join(name)).expect("a link can be made");
    }

    fn manifest(&self, name: &str, default_run: &str) {
        let inherited: String = ["version", "edition", "rust-version", "license", "publish"]
            .map(|field| format!("{field}.workspace = true\n"))
            .concat();
        let manifest = format!(
            "[package]\nname = \"{name}\"\n{default_run}{inherited}\n[lints]\nworkspace = true\n"
        );
        self.write(&format!("crates/{name}/Cargo.toml"), &manifest);
        let test =
            "#[test]\nfn golden() {\n    golden::check_crate(env!(\"CARGO_MANIFEST_DIR\"));\n}\n";
        self.write(&format!("crates/{name}/tests/golden.rs"), test);
    }

    fn check(&self, args: &[&str]) -> Output {
        let root = self.root.to_str().expect("UTF-8");
        golden(
            &[&["check", "--root", root, "--binaries", &format!("{root}/binaries")], args].concat(),
        )
    }

    #[track_caller]
    fn assert_findings(&self, findings: &[&str]) {
        let output = golden(&["complete", self.root.to_str().expect("UTF-8")]);
        assert_eq!(stdout(&output).lines().collect::<Vec<_>>(), findings);
        assert_eq!(output.status.code(), Some(i32::from(!findings.is_empty())));
    }
}

fn golden(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_golden")).args(args).output().expect("golden can be run")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[track_caller]
fn assert_misuse(args: &[&str], message: &str) {
    let output = golden(args);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("golden: {message}; see --help\n"));
    assert!(output.stdout.is_empty());
}

#[test]
fn check_says_how_each_program_did() {
    let output = Workspace::new("right").check(&[]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for program in ["fork  ", "orphan", "zombie"] {
        assert!(text.lines().any(|line| line.starts_with(&format!("ok    {program}  ")) && line.ends_with(" s")), "{text}");
    }
    assert_eq!(text.lines().last(), Some("3 programs right"));
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn check_reports_what_is_wrong() {
    let workspace = Workspace::new("wrong");
    workspace.write("scripts/zombie.sh", "echo no; exit 0");
    workspace.write("scripts/orphan.sh", "echo why >&2; exit 9");
    let output = workspace.check(&[]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("\nWRONG zombie  ") || text.starts_with("WRONG zombie  "), "{text}");
    assert!(text.contains("\n  >   1 | no\n") && text.contains("\n        a | brains\n"), "{text}");
    assert!(
        text.contains("\n  it ended with exit code 9, not 0\n  standard error:\n      why\n"),
        "{text}"
    );
    assert_eq!(text.lines().last(), Some("2 of 3 wrong: orphan, zombie"));
}

#[test]
fn check_takes_programs_times_and_jobs() {
    let workspace = Workspace::new("options");
    let text = stdout(&workspace.check(&["--times", "3", "--jobs", "2", "fork", "zombie", "fork"]));
    assert_eq!(text.lines().filter(|line| line.starts_with("ok    fork  ")).count(), 3, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("ok    zombie")).count(), 3, "{text}");
    assert_eq!(text.lines().last(), Some("2 programs right, 3 times each"));

    workspace.write("scripts/fork.sh", "echo wrong");
    let text = stdout(&workspace.check(&["--times", "2", "fork", "zombie"]));
    assert_eq!(text.lines().last(), Some("1 of 2 wrong: fork (2 of 2 times)"));
}

#[test]
fn check_kills_what_hangs() {
    let workspace = Workspace::new("hangs");
    workspace.write("scripts/fork.sh", "sleep 100");
    let text = stdout(&workspace.check(&["--limit", "0.5", "fork"]));
    assert!(text.contains("it hangs: it did not end in 0.5 s"), "{text}");
}

#[test]
fn check_of_a_program_that_is_not_built_says_what_to_do() {
    let workspace = Workspace::new("not-built");
    workspace.remove("binaries/fork");
    let output = workspace.check(&["fork"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("fork does not exist: run `cargo build` first"), "{output:?}");
}

#[test]
fn check_without_any_expected_output_is_an_error() {
    let workspace = Workspace::new("no-outputs");
    fs::remove_dir_all(workspace.root.join("expected-output")).unwrap();
    let output = workspace.check(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("has an expected output"),
        "{output:?}"
    );
}

#[test]
fn wrong_usage_is_told_in_one_sentence() {
    assert_misuse(&[], "no command");
    assert_misuse(&["chekc"], "there is no command chekc");
    assert_misuse(&["check", "--fast"], "there is no option --fast");
    assert_misuse(&["check", "--limit"], "--limit needs a value");
    for limit in ["soon", "0", "-1", "NaN", "inf"] {
        assert_misuse(&["check", "--limit", limit], &format!("--limit takes seconds, not {limit}"));
    }
    assert_misuse(&["check", "--times", "0"], "--times takes a number from 1, not 0");
    assert_misuse(&["check", "--jobs", "x"], "--jobs takes a number from 1, not x");
    assert_misuse(&["complete", "a", "b"], "complete takes one directory at most");
    assert_misuse(&["complete", "--fast"], "there is no option --fast");

    let workspace = Workspace::new("misuse");
    let output = workspace.check(&["fork", "spoon"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "golden: there is no program spoon; see --help\n"
    );
}

#[test]
fn help_is_given_to_all_who_ask() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["check", "--help"],
        &["check", "fork", "-h"],
        &["complete", "--help"],
    ] {
        let output = golden(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(stdout(&output).contains("Usage: cargo run -q -p golden -- "), "{args:?}");
    }
}

#[test]
fn a_complete_workspace_has_no_findings() {
    Workspace::new("complete").assert_findings(&[]);
}

#[test]
fn complete_finds_what_a_manifest_lacks() {
    let workspace = Workspace::new("manifest");
    workspace.change("crates/fork/Cargo.toml", "name = \"fork\"", "name = \"spoon\"");
    workspace.change("crates/fork/Cargo.toml", "license.workspace = true", "license = \"MIT\"");
    workspace.change("crates/fork/Cargo.toml", "[lints]\nworkspace = true", "");
    workspace.change("crates/zombie-orphan/Cargo.toml", "default-run = \"zombie\"\n", "");
    workspace.assert_findings(&[
        "crates/fork/Cargo.toml: the package is not named fork, as its directory is",
        "crates/fork/Cargo.toml: no `license.workspace = true` in [package]",
        "crates/fork/Cargo.toml: no `workspace = true` in [lints]",
        "crates/zombie-orphan/Cargo.toml: has several programs and no `default-run`",
    ]);
    workspace.manifest("fork", "default-run = \"spoon\"\n");
    workspace.manifest("zombie-orphan", "default-run = \"orphan\"\n");
    workspace.assert_findings(&[
        "crates/fork/Cargo.toml: `default-run` is spoon, which is no program of it",
    ]);
}

#[test]
fn complete_finds_a_crate_without_test_or_program() {
    let workspace = Workspace::new("crate");
    workspace.write(
        "crates/fork/tests/golden.rs",
        "// golden::check_crate(env!(\"CARGO_MANIFEST_DIR\"));\n",
    );
    workspace.manifest("empty", "");
    workspace.remove("crates/empty/tests/golden.rs");
    let call = "golden::check_crate(env!(\"CARGO_MANIFEST_DIR\"));";
    workspace.assert_findings(&[
        "crates/empty: has no program",
        &format!("crates/empty/tests/golden.rs: no `{call}`"),
        &format!("crates/fork/tests/golden.rs: no `{call}`"),
    ]);
}

#[test]
fn complete_finds_programs_without_output_and_outputs_without_program() {
    let workspace = Workspace::new("outputs");
    workspace.remove("expected-output/fork.txt");
    workspace.write("expected-output/spoon.txt", "");
    let path = workspace.root.join("expected-output/fork.txt");
    workspace.assert_findings(&[
        &format!(
            "program fork: cannot read {}: No such file or directory (os error 2)",
            path.display()
        ),
        "expected-output/spoon.txt: there is no such program",
    ]);
}

#[test]
fn complete_finds_an_output_that_is_not_understood() {
    let workspace = Workspace::new("format");
    workspace.change("expected-output/fork.txt", "a | forked", "a forked");
    let output = golden(&["complete", workspace.root.to_str().unwrap()]);
    assert!(
        stdout(&output).contains("expected-output/fork.txt, line 3: there is no bar"),
        "{output:?}"
    );
}

#[test]
fn complete_finds_a_header_without_the_command() {
    let workspace = Workspace::new("header");
    workspace
        .write("crates/fork/src/main.rs", "//! Forks.\n\n// cargo run -p fork\nfn main() {}\n");
    workspace.write("expected-output/fork.txt", "$ cargo run -p fork\n\n");
    let finding =
        "program fork: the header of its source does not have its command, `cargo run -p fork`";
    workspace.assert_findings(&[finding]);
    workspace.write("crates/fork/src/main.rs", "//! `cargo run -p fork-bomb`\n");
    workspace.assert_findings(&[finding]);
    workspace.write("crates/fork/src/main.rs", "//! Run: `cargo run -p fork`.\n");
    workspace.assert_findings(&[]);
}

#[test]
fn complete_finds_names_that_do_not_show_their_crate() {
    let workspace = Workspace::new("names");
    workspace.add("fork", "spoon", "", "");
    workspace.add("fork", "fork-two", "", "");
    workspace.add("fork", "forktwo", "", "");
    workspace.manifest("fork", "default-run = \"fork\"\n");
    workspace.change(
        "README.md",
        "| `fork` | x |",
        "| `fork` | x |\n| `spoon` | |\n| `fork-two` | |\n| `forktwo` | |",
    );
    workspace.assert_findings(&[
        "program forktwo: its name does not begin with that of its crate, fork",
        "program spoon: its name does not begin with that of its crate, fork",
    ]);
}

#[test]
fn complete_finds_rows_that_are_missing_or_too_many() {
    let workspace = Workspace::new("readme");
    workspace.change("README.md", "| `fork` | x |", "| `spoon` | x |\n| `zombie` | again |");
    workspace.assert_findings(&[
        "README.md: no row for the program fork",
        "README.md: 2 rows for the program zombie",
        "README.md: a row for `spoon`, which is no program",
    ]);
    workspace.remove("README.md");
    workspace.assert_findings(&[
        "README.md: no row for the program fork",
        "README.md: no row for the program orphan",
        "README.md: no row for the program zombie",
    ]);
}

#[test]
fn complete_of_no_workspace_says_so() {
    let output = golden(&["complete", env!("CARGO_TARGET_TMPDIR")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "crates/ has no demo crate\n");
}
