//! The command `golden complete`, on workspaces that are made up.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::workspace::{Workspace, golden, stdout};

/// What a newcomer does not need: these draw or build other things, measure and torment the library, or
/// need a server or an event loop.
const NOT_BY_DEFAULT: [&str; 8] =
    ["bench", "book", "ipc-redis", "ipc-test", "models", "recipes", "soak", "timeline"];

#[test]
fn default_members_are_all_but_the_tools() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest: toml::Table =
        fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let listed = manifest["workspace"]["default-members"].as_array().unwrap().iter();
    let listed: BTreeSet<String> =
        listed.map(|path| path.as_str().unwrap().replacen("crates/", "", 1)).collect();
    let there = fs::read_dir(root.join("crates")).unwrap();
    let there = there.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let wanted = there.filter(|name| !NOT_BY_DEFAULT.contains(&name.as_str()));
    assert_eq!(listed, wanted.collect(), "Cargo.toml: default-members");
}

#[test]
fn a_complete_workspace_has_no_findings() {
    Workspace::new("complete").assert_findings(&[]);
}

#[test]
fn complete_finds_what_a_manifest_lacks() {
    let workspace = Workspace::new("manifest");
    workspace.change("crates/fork/Cargo.toml", "]\nname = \"fork\"", "]\nname = \"spoon\"");
    workspace.change("crates/fork/Cargo.toml", "license.workspace = true", "license = \"MIT\"");
    workspace.change("crates/fork/Cargo.toml", "[lints]\nworkspace = true", "");
    workspace.change("crates/zombie-orphan/Cargo.toml", "default-run = \"zombie\"\n", "");
    workspace.assert_findings(&[
        "crates/fork/Cargo.toml: the package is not named fork, as its directory is",
        "crates/fork/Cargo.toml: no `license.workspace = true` in [package]",
        "crates/fork/Cargo.toml: no `workspace = true` in [lints]",
        "crates/zombie-orphan/Cargo.toml: has several programs and no `default-run`",
    ]);
    workspace.manifest("fork", &["fork"], "default-run = \"spoon\"\n");
    workspace.manifest("zombie-orphan", &["zombie", "orphan"], "default-run = \"orphan\"\n");
    workspace.assert_findings(&[
        "crates/fork/Cargo.toml: `default-run` is spoon, which is no program of it",
    ]);
}

#[test]
fn complete_finds_a_program_that_would_be_an_empty_test() {
    let workspace = Workspace::new("bin");
    workspace.change("crates/fork/Cargo.toml", "test = false", "test = true");
    workspace.manifest("zombie-orphan", &["zombie"], "default-run = \"zombie\"\n");
    let finding = |name: &str, program: &str| {
        format!(
            "crates/{name}/Cargo.toml: no `{{ name = \"{program}\", test = false }}` in `bin`: an empty test would be built of it"
        )
    };
    workspace.assert_findings(&[&finding("fork", "fork"), &finding("zombie-orphan", "orphan")]);
}

#[test]
fn complete_finds_a_manifest_that_is_no_toml() {
    let workspace = Workspace::new("toml");
    workspace.write("crates/fork/Cargo.toml", "[package\n");
    let output = golden(&["complete", workspace.root.to_str().unwrap()]);
    assert!(
        stdout(&output).starts_with("crates/fork/Cargo.toml: cannot be understood: "),
        "{output:?}"
    );
}

#[test]
fn complete_finds_a_program_that_does_not_lead_to_the_next() {
    let workspace = Workspace::new("next");
    workspace.change("crates/zombie-orphan/src/bin/zombie.rs", "`orphan`", "`fork`");
    workspace.change("crates/zombie-orphan/src/bin/orphan.rs", "none", "`fork`");
    let finding = |program: &str, next: &str| {
        format!(
            "program {program}: the header of its source does not have `Next: {next}`, the row after its own in README.md"
        )
    };
    workspace.assert_findings(&[&finding("orphan", "none"), &finding("zombie", "`orphan`")]);
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
    workspace.write(
        "crates/fork/src/main.rs",
        "//! Forks. Next: `zombie`.\n\n// cargo run -p fork\nfn main() {}\n",
    );
    workspace.write("expected-output/fork.txt", "$ cargo run -p fork\n\n");
    let finding =
        "program fork: the header of its source does not have its command, `cargo run -p fork`";
    workspace.assert_findings(&[finding]);
    workspace.write("crates/fork/src/main.rs", "//! `cargo run -p fork-bomb` Next: `zombie`\n");
    workspace.assert_findings(&[finding]);
    workspace.write("crates/fork/src/main.rs", "//! Run: `cargo run -p fork`. Next: `zombie`\n");
    workspace.assert_findings(&[]);
}

#[test]
fn complete_finds_names_that_do_not_show_their_crate() {
    let workspace = Workspace::new("names");
    workspace.add("fork", "spoon", "`fork-two`", "", "");
    workspace.add("fork", "fork-two", "`forktwo`", "", "");
    workspace.add("fork", "forktwo", "`zombie`", "", "");
    workspace.change("crates/fork/src/main.rs", "`zombie`", "`spoon`");
    workspace.manifest(
        "fork",
        &["fork", "spoon", "fork-two", "forktwo"],
        "default-run = \"fork\"\n",
    );
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
fn complete_finds_two_programs_of_one_name() {
    let workspace = Workspace::new("twice");
    workspace
        .write("crates/fork/src/bin/zombie.rs", "//! `cargo run --bin zombie` Next: `orphan`\n");
    let output = golden(&["complete", workspace.root.to_str().unwrap()]);
    let finding = "program zombie: is in fork and in zombie-orphan";
    assert!(stdout(&output).lines().any(|line| line == finding), "{output:?}");
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
    assert_eq!(stdout(&output), "crates/ has no crate with a program\n");
}
