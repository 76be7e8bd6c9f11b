//! Runs a program, and collects what is known of the run.

use std::error::Error;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use golden::command::Command as Typed;
use golden::expected::Expected;
use golden::program::{Program, build};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::printed::{now, reader};
use crate::record::Record;

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A program of the workspace that has been built, and how it is run.
#[derive(Debug)]
pub struct Runnable {
    program: Program,
    file: std::path::PathBuf,
    typed: Typed,
}

/// Builds the programs of these names.
///
/// # Errors
///
/// If there is no such program, or it cannot be built or run.
pub fn build_all(root: &Path, names: &[String]) -> Result<Vec<Runnable>, Box<dyn Error>> {
    let all = Program::in_workspace(root)?;
    let find = |name: &String| {
        let program = all.iter().find(|program| program.name == *name);
        program.cloned().ok_or(format!("there is no program {name}; README.md has a table of them"))
    };
    let programs: Vec<Program> = names.iter().map(find).collect::<Result<_, _>>()?;
    let folder = build(root, &programs)?;
    let runnable = |program: Program| {
        // It has the command line and the standard input that a reader gives it.
        let expected = Expected::parse(&fs::read_to_string(program.expected_output(root))?)?;
        let file = folder.join(&program.name);
        Ok(Runnable { program, file, typed: expected.command })
    };
    programs.into_iter().map(runnable).collect()
}

impl Runnable {
    /// Runs it, in an empty directory of its own.
    ///
    /// # Errors
    ///
    /// If it cannot be run, does not end in two minutes, or leaves a file that is no trace.
    pub fn run(&self) -> Result<Record, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let trace = folder.path().join("trace.json");
        let (reader, output) = reader()?;
        let started = now()?;
        let mut input = tempfile::tempfile()?;
        input.write_all(self.typed.stdin.as_bytes())?;
        input.rewind()?;
        let mut child = command(&self.file, &self.typed, folder.path(), &trace)
            .stdin(input)
            .stdout(output)
            .spawn()?;
        let group = Pid::from_raw(child.id().cast_signed());
        let (printed, has_ended) = reader.read_all(LIMIT)?;
        if !has_ended {
            killpg(group, Signal::SIGKILL)?; // its leader has not been reaped, so the group is its own
        }
        child.wait()?;
        let ended = now()?;
        let title = self.typed.whole.clone();
        if !has_ended {
            return Err(format!("{title}: it has not ended after {} s", LIMIT.as_secs()).into());
        }
        let trace = match File::open(&trace) {
            Ok(file) => serde_json::from_reader(std::io::BufReader::new(file))?,
            Err(_) => self.alone(child.id(), started, ended),
        };
        Ok(Record::new(title, &trace, printed))
    }

    /// The trace of a program that does not use the library: its process, and no more.
    fn alone(&self, pid: u32, started: f64, ended: f64) -> Value {
        let name = &self.program.name;
        json!({"traceEvents": [
            {"pid": pid, "tid": pid, "ts": started, "ph": "M", "args": {"name": name}},
            {"pid": pid, "tid": pid, "ts": started, "ph": "B", "cat": "process", "name": name},
            {"pid": pid, "tid": pid, "ts": ended, "ph": "E"},
        ]})
    }

    /// The program's name.
    pub fn name(&self) -> &str {
        &self.program.name
    }
}

fn command(file: &Path, typed: &Typed, folder: &Path, trace: &Path) -> Command {
    let mut command = Command::new(file);
    command.args(&typed.args).current_dir(folder).process_group(0);
    command.env("TMPDIR", folder).env("IPC_TRACE", trace);
    command
}
