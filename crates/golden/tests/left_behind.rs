//! Programs with children and orphans: nothing of them stays.

use std::fs;
use std::time::{Duration, Instant};

use golden::trouble::Trouble;

use crate::running::{LIMIT, SOON, path, run_script};

/// Whether a process runs; one that is no more than a zombie does not.
fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
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
