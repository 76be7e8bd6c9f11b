//! Programs that run well, and programs that do not: each ends, and nothing of it stays.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use golden::{Expected, MAX_OUTPUT, RunError, Trouble, run};

/// How long a program may run that ends by itself.
const LIMIT: Duration = Duration::from_secs(60);

/// Long enough for a machine that is busy, short enough to wait for when something hangs.
const SOON: Duration = Duration::from_secs(20);

/// Runs a shell script. It is read by the shell and not executed itself: a file that was just written can still be
/// open for writing in a process that another test is just starting, and could then not be executed.
fn run_script(name: &str, script: &str, limit: Duration) -> Result<String, RunError> {
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
    Ok(String::from_utf8(output).expect("UTF-8"))
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("running-{name}"))
}

/// Whether a process runs; one that is no more than a zombie does not.
fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
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
    assert_eq!(run(Path::new("/bin/sh"), &expected, LIMIT).unwrap(), b"[--a]\n[b]\n");
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
fn a_program_that_hangs_is_killed_with_its_children() {
    // The child ignores what can be ignored, and the grandchild has the output of nobody.
    let child = path("hangs-child");
    fs::write(&child, "trap '' TERM INT HUP; sleep 100 > /dev/null 2>&1 & echo $!; echo $$; wait")
        .unwrap();
    let script = format!("sh {} & echo $$; wait", child.display());

    // On a machine that is very busy, it may be killed before all three have started: then it gets more time.
    let limits = [1, 4, 16].map(Duration::from_secs);
    let mut killed = limits.into_iter().map(|limit| {
        let started = Instant::now();
        let error = run_script("hangs", &script, limit).unwrap_err();
        assert!(started.elapsed() < limit + SOON);
        assert!(matches!(error.trouble, Trouble::Hangs(_)), "{error}");
        let report = format!("it hangs: it did not end in {} s", limit.as_secs());
        assert!(error.to_string().starts_with(&report), "{error}");
        String::from_utf8(error.stdout).unwrap()
    });
    let pids = killed.find(|pids| pids.lines().count() == 3).unwrap();
    for pid in pids.lines() {
        assert!(!is_running(pid), "{pid} of {pids}");
    }
}

#[test]
fn an_orphan_that_ends_by_itself_is_waited_for() {
    // The orphan speaks only once its parent has gone, whose id then means nothing.
    let orphan = path("orphan-child");
    fs::write(&orphan, "while kill -0 $1 2>/dev/null; do sleep 0.01; done; echo orphan ends")
        .unwrap();
    let script = format!("sh {} $$ & echo parent ends", orphan.display());
    assert_eq!(run_script("orphan", &script, LIMIT).unwrap(), "parent ends\norphan ends\n");
}

#[test]
fn an_orphan_without_output_is_waited_for_too() {
    let file = path("silent-orphan-file");
    let _ = fs::remove_file(&file);
    let orphan = path("silent-orphan-child");
    // It goes on for a while, so that one who does not wait for it is seen not to.
    let wait = "while kill -0 $1 2>/dev/null; do sleep 0.01; done; sleep 0.5";
    fs::write(&orphan, format!("{wait}; echo x > {}", file.display())).unwrap();
    let script = format!("sh {} $$ > /dev/null 2>&1 &", orphan.display());
    run_script("silent-orphan", &script, LIMIT).unwrap();
    assert!(file.exists(), "the orphan had ended when the run was over");
}

#[test]
fn a_process_left_behind_is_reported_and_killed() {
    let started = Instant::now();
    let error = run_script("left", "sleep 100 & echo $!", LIMIT).unwrap_err();
    assert!(started.elapsed() < SOON);
    let pid = String::from_utf8(error.stdout.clone()).unwrap().trim().to_owned();
    assert!(
        error.to_string().contains(&format!(
            "left processes behind, which were killed 5 s later: {pid} (sleep 100)"
        )),
        "{error}"
    );
    assert!(!is_running(&pid));
}

#[test]
fn a_process_that_left_the_group_and_holds_the_output_is_reported() {
    // It ends when this test takes its file away, and in any case at some time.
    let file = path("escaped-file");
    fs::write(&file, "").unwrap();
    let child = path("escaped-child");
    let wait = "n=0; while test -e $1 && test $n -lt 6000; do sleep 0.01; n=$((n+1)); done";
    fs::write(&child, wait).unwrap();
    let script = format!("setsid sh {} {} &", child.display(), file.display());
    let result = run_script("escaped", &script, LIMIT);
    fs::remove_file(&file).unwrap();
    let error = result.unwrap_err();
    assert!(
        error.to_string().contains("a process that left its group holds its standard output"),
        "{error}"
    );
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
        expected.check(output).unwrap_err().to_string(),
        "the output is not UTF-8: line 2, byte 2"
    );
}

#[test]
fn many_runs_at_once_do_not_take_each_others_processes() {
    std::thread::scope(|scope| {
        for number in 0..20 {
            scope.spawn(move || {
                // Each has an orphan of its own, and an exit code of its own.
                let script = format!("(echo {number}) & (exit 7) & wait; exit {number}");
                match run_script(&format!("many-{number}"), &script, LIMIT) {
                    Ok(output) => assert_eq!((number, output.as_str()), (0, "0\n")),
                    Err(error) => {
                        assert!(
                            matches!(error.trouble, Trouble::ExitCode(code) if code == number),
                            "{error}"
                        );
                        assert_eq!(error.stdout, format!("{number}\n").into_bytes());
                    }
                }
            });
        }
    });
}
