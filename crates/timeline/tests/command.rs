//! The command, on a program of the workspace.

use std::fs;
use std::process::Command;

#[test]
fn a_program_is_drawn_from_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("ipc.svg");
    let mut command = Command::new(env!("CARGO_BIN_EXE_timeline"));
    let status = command.arg("ipc").arg("--out").arg(&out).status().unwrap();
    assert!(status.success());
    let svg = fs::read_to_string(out).unwrap();
    for part in ["cargo run -p ipc", "MainProcess", "Process-1", "class=\"way\"", ">111<"] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
}

#[test]
fn an_unknown_program_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_timeline"));
    let output = command.arg("ticket-clock").output().unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("there is no program ticket-clock"), "{error}");
}

#[test]
fn a_trace_of_another_program_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let trace = r#"{"traceEvents": [
        {"pid": 5, "tid": 5, "ts": 1, "ph": "M", "name": "process_name", "args": {"name": "cook"}},
        {"pid": 5, "tid": 5, "ts": 1, "ph": "B", "cat": "process", "name": "cook"},
        {"pid": 5, "tid": 5, "ts": 9, "ph": "E"}
    ]}"#;
    fs::write(folder.path().join("out.json"), trace).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_timeline"));
    let output = command.arg("out.json").current_dir(&folder).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "out.svg\n");
    assert!(fs::read_to_string(folder.path().join("out.svg")).unwrap().contains("cook"));

    let output = command.arg("gone.json").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cannot read gone.json") && error.contains("IPC_TRACE"), "{error}");
}
