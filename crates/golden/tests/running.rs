//! Programs that run well, and programs that do not: each ends, and nothing of it stays.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use golden::expected::Expected;
use golden::run::run;
use golden::trouble::{MAX_OUTPUT, RunError, Trouble};

/// How long a program may run that ends by itself.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Long enough for a machine that is busy, short enough to wait for when something hangs.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Runs a shell script. It is read by the shell and not executed itself: a file that was just written can still be
/// open for writing in a process that another test is just starting, and could then not be executed.
pub(crate) fn run_script(name: &str, script: &str, limit: Duration) -> Result<String, RunError> {
    run_script_with(name, script, "$ cargo run -p x -- ", limit)
}

fn run_script_with(
    name: &str,
    script: &str,
    head: &str,
    limit: Duration,
) -> Result<String, RunError> {
    let path = path(name);
    fs::write(&path, script).expect("a script can be written");
    let expected = Expected::parse(&format!("{head}{}\n\n", path.display()))
        .expect("the path has no special characters");
    let output = run(Path::new("/bin/sh"), &expected, limit)?;
    Ok(String::from_utf8(output.stdout).expect("UTF-8"))
}

pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("running-{name}"))
}

#[test]
fn output_and_errors_are_told_apart() {
    let output = run_script("streams", "echo out; echo err >&2; echo 输出", LIMIT).unwrap();
    assert_eq!(output, "out\n输出\n");
}

#[test]
fn arguments_and_input_are_those_of_the_head() {
    let head = "$ echo 你好 世界 | cargo run -p x -- ";
    let output = run_script_with("input", "cat; echo end", head, LIMIT).unwrap();
    assert_eq!(output, "你好 世界\nend\n");

    let path = path("arguments");
    fs::write(&path, "for arg; do echo \"[$arg]\"; done").unwrap();
    let expected =
        Expected::parse(&format!("$ cargo run -p x -- {} --a  b\n\n", path.display())).unwrap();
    assert_eq!(run(Path::new("/bin/sh"), &expected, LIMIT).unwrap().stdout, b"[--a]\n[b]\n");
}

#[test]
fn without_input_it_is_at_its_end_at_once() {
    assert_eq!(run_script("no-input", "cat; echo end", LIMIT).unwrap(), "end\n");
}

#[test]
fn input_that_is_not_read_does_not_matter() {
    let head = "$ echo x | cargo run -p x -- ";
    assert_eq!(run_script_with("unread", "exec <&-; echo end", head, LIMIT).unwrap(), "end\n");
}

#[test]
fn input_that_is_not_read_does_not_hang_the_checker() {
    // More than fits into a pipe.
    let head = format!("$ echo {} | cargo run -p x -- ", "word ".repeat(100_000));
    let limit = Duration::from_millis(500);
    let error = run_script_with("unread-much", "sleep 100", &head, limit).unwrap_err();
    assert!(matches!(error.trouble, Trouble::Hangs(_)), "{error}");
    let counted = run_script_with("read-much", "wc -w", &head, LIMIT).unwrap();
    assert_eq!(counted.trim(), "100000");
}

#[test]
fn temporary_files_go_where_the_run_goes() {
    let output = run_script("temporary", "echo $TMPDIR; pwd", LIMIT).unwrap();
    let (temporary, working) = output.trim_end().split_once('\n').unwrap();
    assert_eq!(temporary, working);
}

#[test]
fn each_run_has_an_empty_directory_of_its_own_that_goes_with_it() {
    let script = "ls -A; pwd; echo x > file; mkdir -p a/b";
    let one = run_script("directory-1", script, LIMIT).unwrap();
    let two = run_script("directory-2", script, LIMIT).unwrap();
    assert_ne!(one, two);
    for directory in [one, two] {
        assert_eq!(directory.lines().count(), 1, "it was empty: {directory}");
        assert!(!Path::new(directory.trim_end()).exists(), "{directory}");
    }
}

#[test]
fn a_program_may_print_nothing() {
    assert_eq!(run_script("nothing", ":", LIMIT).unwrap(), "");
}

#[test]
fn a_program_that_does_not_exist_is_an_error() {
    let expected = Expected::parse("$ cargo run -p x\n\n").unwrap();
    let error = run(Path::new("/nowhere/x"), &expected, LIMIT).unwrap_err();
    assert!(error.to_string().starts_with("could not start it: No such file"), "{error}");
}

#[test]
fn an_exit_code_is_a_failure_that_shows_what_was_printed() {
    let error = run_script("exit", "echo begun; echo reason >&2; exit 3", LIMIT).unwrap_err();
    assert!(matches!(error.trouble, Trouble::ExitCode(3)), "{error}");
    assert_eq!(
        error.to_string(),
        "it ended with exit code 3, not 0\nstandard output:\n    begun\nstandard error:\n    reason"
    );
}

#[test]
fn a_signal_is_a_failure() {
    let error = run_script("signal", "kill -TERM $$", LIMIT).unwrap_err();
    assert_eq!(error.to_string(), "it was ended by SIGTERM");
}

#[test]
fn much_output_on_both_streams_does_not_block() {
    let script =
        "head -c 1000000 /dev/zero | tr '\\0' e >&2; head -c 1000000 /dev/zero | tr '\\0' o";
    let output = run_script("much", script, LIMIT).unwrap();
    assert!(output.len() == 1_000_000 && output.bytes().all(|byte| byte == b'o'));
}

#[test]
fn too_much_output_is_an_error_on_either_stream() {
    for (name, redirection) in [("too-much", ""), ("too-much-err", ">&2")] {
        let error = run_script(name, &format!("head -c 10000000 /dev/zero {redirection}"), LIMIT)
            .unwrap_err();
        assert!(matches!(error.trouble, Trouble::TooMuchOutput), "{error}");
        assert!(error.stdout.len() < 2 * MAX_OUTPUT && error.stderr.len() < 2 * MAX_OUTPUT);
        assert!(error.to_string().starts_with("it printed more than 1048576 bytes"), "{error}");
        assert!(error.to_string().len() < 10_000);
    }
}

#[test]
fn output_without_end_is_an_error() {
    let error = run_script("endless", "yes", LIMIT).unwrap_err();
    assert!(matches!(error.trouble, Trouble::TooMuchOutput), "{error}");
}

#[test]
fn output_that_is_no_text_is_a_mismatch() {
    let path = path("binary");
    fs::write(&path, "printf 'good\\nb\\377d\\n'").unwrap();
    let expected =
        Expected::parse(&format!("$ cargo run -p x -- {}\n\na | good\n", path.display())).unwrap();
    let output = run(Path::new("/bin/sh"), &expected, LIMIT).unwrap();
    assert_eq!(
        expected.check(output.stdout).unwrap_err().to_string(),
        "the output is not UTF-8: line 2, byte 2"
    );
}
