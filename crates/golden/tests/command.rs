//! The command `golden check`, on workspaces that are made up.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::workspace::{Workspace, golden, stderr, stdout};

#[track_caller]
fn assert_misuse(args: &[&str], message: &str) {
    let output = golden(args);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains(message), "{}", stderr(&output));
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
fn check_says_what_is_wrong_with_an_expected_output() {
    let workspace = Workspace::new("expected");
    let report = || stdout(&workspace.check(&["fork"]));
    workspace.write("expected-output/fork.txt", "$ cargo run -p other\n\n");
    assert!(report().contains("fork.txt, line 1: `cargo run -p other` runs another program"));
    workspace.write("expected-output/fork.txt", "$ cargo run -p fork\n\nx\n");
    assert!(report().contains("fork.txt, line 3: there is no bar"));
    workspace.remove("expected-output/fork.txt");
    assert!(report().contains("fork.txt: No such file"));
}

#[test]
fn check_keeps_the_whole_of_a_wrong_output() {
    let workspace = Workspace::new("printed");
    let script = "echo why >&2; n=0; while test $n -lt 30; do echo $n; n=$((n+1)); done";
    workspace.write("scripts/fork.sh", script);
    let text = stdout(&workspace.check(&["fork"]));
    let file = workspace.root.join("binaries/fork.printed.txt");
    assert!(text.contains(&format!("\n  all that it printed: {}\n", file.display())), "{text}");
    assert!(text.contains("what expected-output/fork.txt allows:"), "{text}");
    assert!(text.contains("\n  standard error:\n      why\n"), "{text}");
    let lines: String = (0..30).map(|line| format!("{line}\n")).collect();
    assert_eq!(fs::read_to_string(file).unwrap(), lines);
}

#[test]
fn check_without_any_expected_output_is_an_error() {
    let workspace = Workspace::new("no-outputs");
    fs::remove_dir_all(workspace.root.join("expected-output")).unwrap();
    let output = workspace.check(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("has an expected output"), "{output:?}");
}

#[test]
fn wrong_usage_is_told_with_what_would_be_right() {
    assert_misuse(&[], "Usage: cargo run -q -p golden -- <COMMAND>");
    assert_misuse(&["chekc"], "unrecognized subcommand 'chekc'");
    assert_misuse(&["check", "--fast"], "unexpected argument '--fast' found");
    assert_misuse(&["check", "--limit"], "a value is required for '--limit <SECONDS>'");
    for limit in ["soon", "0", "-1", "NaN", "inf"] {
        let message = format!("invalid value '{limit}' for '--limit <SECONDS>': a number above 0");
        assert_misuse(&["check", &format!("--limit={limit}")], &message);
    }
    assert_misuse(&["check", "--times", "0"], "invalid value '0' for '--times <N>'");
    assert_misuse(&["check", "--jobs", "x"], "invalid value 'x' for '--jobs <N>'");
    assert_misuse(&["complete", "a", "b"], "unexpected argument 'b' found");
    assert_misuse(&["complete", "--fast"], "unexpected argument '--fast' found");
}

#[test]
fn an_unknown_program_is_refused_before_anything_is_built() {
    // Nothing can be built here: there is no Cargo.toml at the top.
    let workspace = Workspace::new("misuse");
    let root = workspace.root.to_str().expect("UTF-8");
    assert_misuse(&["check", "--root", root, "fork", "spoon"], "there is no program spoon");

    let output = golden(&["check", "--root", root, "fork"]);
    assert_eq!(output.status.code(), Some(1));
    let message = "golden: cannot build the programs; `cargo build` says above why\n";
    assert!(stderr(&output).ends_with(message), "{output:?}");
}

#[test]
fn an_interrupted_check_says_so_and_blames_no_program() {
    let workspace = Workspace::new("interrupted");
    workspace.write(
        "scripts/fork.sh",
        &format!("echo $$ > {}/pid; sleep 100", workspace.root.display()),
    );
    let check = workspace
        .check_command(&["fork"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("golden can be run");
    let deadline = Instant::now() + Duration::from_secs(60);
    let pid = loop {
        match fs::read_to_string(workspace.root.join("pid")) {
            Ok(pid) if pid.ends_with('\n') => break pid,
            _ => assert!(Instant::now() < deadline, "the program does not start"),
        }
        thread::sleep(Duration::from_millis(5));
    };
    kill(Pid::from_raw(check.id().cast_signed()), Signal::SIGINT).expect("it can be interrupted");
    let output = check.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!((stdout(&output), stderr(&output)), (String::new(), "golden: interrupted\n".into()));
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "the program was killed");
}

#[test]
fn help_is_given_to_all_who_ask() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["help"],
        &["check", "--help"],
        &["check", "fork", "-h"],
        &["complete", "--help"],
    ] {
        let output = golden(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(stdout(&output).contains("Usage: cargo run -q -p golden -- "), "{args:?}");
    }
}
