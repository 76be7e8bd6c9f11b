//! The crate as the README tells to use it, in a project outside of this workspace.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const README: &str = include_str!("../README.md");

/// A test beside that of the README, which must fail, with what its child prints in its output.
const FAILING: &str = r#"
#[test]
fn a_child_fails() {
    ipc_test::run(|| {
        let child = Process::new(|| println!("said by the child")).start().unwrap();
        assert_eq!(child.join().unwrap(), 3, "its exit code");
    });
}
"#;

/// The first block of the README in this language.
fn block(language: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

fn make_project(folder: &Path) {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let dependency = block("toml").replace("../multiprocessing/crates", crates.to_str().unwrap());
    let workspace = fs::read_to_string(crates.join("../Cargo.toml")).unwrap();
    let profiles = workspace.find("[profile.dev]").unwrap(); // so that what is compiled fits both
    let manifest = format!(
        "[package]\nname = \"theirs\"\nedition = \"2024\"\n\n{dependency}\n\
         [dependencies]\nipc-common = {{ path = \"{}/ipc-common\" }}\n\n[workspace]\n{}",
        crates.display(),
        &workspace[profiles..]
    );
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(crates.join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}{FAILING}}}\n", block("rust"));
    fs::write(folder.join("src/lib.rs"), tests).unwrap();
}

fn cargo_test(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["test", "--offline", "--quiet", "--lib", "--"])
        .args(arguments)
        .current_dir(folder);
    // That of the workspace, where much is compiled already.
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap());
    let output = command.output().unwrap();
    let printed = [&output.stdout[..], &output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    (output, printed)
}

#[test]
fn a_project_of_others_has_a_test_that_passes_and_one_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    make_project(folder.path());

    let (output, printed) = cargo_test(folder.path(), &[]);
    assert!(!output.status.success(), "{printed}");
    assert!(printed.contains("1 passed; 1 failed"), "{printed}");
    assert!(printed.contains("said by the child"), "{printed}");
    assert!(printed.contains("its exit code"), "{printed}");

    let (output, printed) = cargo_test(folder.path(), &["--exact", "tests::a_child_answers"]);
    assert!(
        output.status.success() && printed.contains("1 passed; 0 failed; 0 ignored"),
        "{printed}"
    );
    assert!(printed.contains("1 filtered out"), "{printed}");

    let (_, printed) = cargo_test(folder.path(), &["--list"]);
    assert!(printed.contains("tests::a_child_fails: test"), "{printed}");

    let (_, printed) = cargo_test(folder.path(), &["--nocapture", "a_child_fails"]);
    assert!(printed.contains("said by the child"), "{printed}");
}
