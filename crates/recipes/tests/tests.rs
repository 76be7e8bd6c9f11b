//! Runs the examples as a reader would, and looks at what they print.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod running;
mod supervisor;

use std::fs;
use std::io::{Seek, Write};

use crate::running::{command, printed};

#[test]
fn word_count_counts_the_words_of_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let files = [("one", "A rose is a rose"), ("two", "is a rose")];
    let paths = files.map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    });
    let counted = printed(command("word-count").args(&paths));
    assert_eq!(counted, "     3 rose\n     3 a\n     2 is\n");
}

#[test]
fn word_count_says_which_file_cannot_be_read() {
    let output = command("word-count").arg("/nonexistent").output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("cannot read /nonexistent"), "{error}");
}

#[test]
fn log_pipeline_counts_the_answers() {
    let mut log = tempfile::tempfile().unwrap();
    for n in 0..3000 {
        let (status, size) = if n % 3 == 0 { (404, 9) } else { (200, 100) };
        writeln!(log, "127.0.0.1 - - [now] \"GET /{n} HTTP/1.1\" {status} {size}").unwrap();
    }
    log.rewind().unwrap();
    assert_eq!(
        printed(command("log-pipeline").stdin(log)),
        "200: 2000 answers, 200000 bytes\n404: 1000 answers, 9000 bytes\n"
    );
}

#[test]
fn mandelbrot_draws_each_row_once() {
    let picture = printed(&mut command("mandelbrot"));
    let rows: Vec<&str> = picture.lines().collect();
    assert_eq!(rows.len(), 25);
    assert!(rows.iter().all(|row| row.len() == 72), "{picture}");
    assert!(rows[12].contains("@@@@@@@@"), "{picture}"); // the set itself
    let upper = rows[..12].iter();
    assert!(upper.eq(rows[13..].iter().rev()), "it is the same above and below:\n{picture}");
}

#[test]
fn task_runner_tries_again_and_gives_up() {
    let report = printed(&mut command("task-runner"));
    let mut lines: Vec<&str> = report.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 8, "{report}");
    assert_eq!(lines[0], "convert is done after 2 of 3 tries");
    assert!(lines[1].starts_with("convert, once more: ") && lines[1].contains("-6"), "{report}");
    assert_eq!(lines[2], "download is done after 2 of 3 tries");
    assert_eq!(lines[3], "download, once more: connection reset");
    assert_eq!(lines[4], "list is done after 1 of 3 tries");
    assert!(lines[5].starts_with("upload is given up: ") && lines[5].contains("500ms"), "{report}");
    assert!(lines[6..].iter().all(|line| line.starts_with("upload, once more: ")), "{report}");
}

#[test]
fn tokio_goes_on_while_processes_compute() {
    let counted = printed(&mut command("beside-tokio"));
    assert_eq!(counted, "[9592, 17984], and the runtime went on: true\n");
}
