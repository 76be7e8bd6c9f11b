//! The kernel tells by which process a line was written.

use std::process::{Command, Stdio};
use std::time::Duration;

use timeline::printed::{Printed, reader};

/// What a shell script prints, and whether that was all.
fn printed_by(script: &str, limit: Duration) -> (Vec<Printed>, bool, u32) {
    let (reader, output) = reader().unwrap();
    let shell = |output| {
        Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(output)
            .spawn()
            .unwrap()
    };
    let mut shell = shell(output); // and this process has no copy of the output
    let (lines, is_all) = reader.read_all(limit).unwrap();
    drop(shell.stdin.take());
    shell.wait().unwrap();
    (lines, is_all, shell.id())
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn each_line_has_its_writer() {
    let script = "echo one; sh -c 'echo two; true'; echo three; printf four";
    let (lines, is_all, shell) = printed_by(script, LONG);
    assert!(is_all);
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three", "four"]);
    let is_shells: Vec<_> = lines.iter().map(|line| line.pid == shell).collect();
    assert_eq!(is_shells, [true, false, true, true]);
    assert!(lines.is_sorted_by_key(|line| line.time));
}

#[test]
fn the_halves_of_a_line_are_put_together() {
    let script = "printf on; sh -c 'echo two; true'; printf 'e\\nth'; echo ree";
    let (lines, _, _) = printed_by(script, LONG);
    let mut texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["one", "three", "two"]);
}

#[test]
fn a_program_that_does_not_end_is_told() {
    let (lines, is_all, _) = printed_by("echo one; read forever", Duration::from_millis(300));
    assert!(!is_all);
    assert!(lines.len() <= 1, "{lines:?}");
}
