//! Runs a program to the end of all its processes, and catches what it prints.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg::F_SETFL, OFlag, fcntl};
use nix::sys::prctl;
use tempfile::TempDir;

use crate::expected::Expected;
use crate::group::Group;
use crate::trouble::{LINGER, MAX_OUTPUT, RunError, Trouble, system};

/// How often output and the ends of processes are looked for.
const TICK: Duration = Duration::from_millis(10);

/// Once this is set, all calls of [`run()`] kill their programs and return soon: the way to end on Ctrl-C.
pub static STOP: AtomicBool = AtomicBool::new(false);

/// What a program printed.
#[derive(Debug)]
pub struct Printed {
    /// On standard output.
    pub stdout: Vec<u8>,
    /// On standard error: nothing is expected of it, but it may say why the other is wrong.
    pub stderr: Vec<u8>,
}

/// Runs `program` with the arguments and the standard input that are `expected`, in an empty directory of its own,
/// which is also where its temporary files go, and returns what it printed once it and all processes of its group have
/// ended.
///
/// This process becomes a child subreaper: orphans of the program become children of it and are reaped here.
///
/// # Errors
///
/// If the program cannot be run, runs longer than `limit`, prints more than [`MAX_OUTPUT`], ends with another exit
/// code than 0 or by a signal, or if processes of its group live 5 s longer than it. Nothing of it runs on then:
/// its whole process group is killed.
pub fn run(program: &Path, expected: &Expected, limit: Duration) -> Result<Printed, RunError> {
    let failure = |trouble| RunError { trouble, stdout: Vec::new(), stderr: Vec::new() };
    // Dropped last: the processes have ended when their directory is removed.
    let directory = TempDir::with_prefix("golden-").map_err(system("make a directory for it"));
    let directory = directory.map_err(failure)?;
    let mut run = Run::start(program, expected, directory.path()).map_err(failure)?;
    let result = run.watch(limit);
    run.group.kill();
    // What it printed until it was killed.
    let result = result.and(run.read());
    let Run { stdout, stderr, .. } = run;
    match result {
        Ok(()) => Ok(Printed { stdout: stdout.bytes, stderr: stderr.bytes }),
        Err(trouble) => Err(RunError { trouble, stdout: stdout.bytes, stderr: stderr.bytes }),
    }
}

/// A program that is running.
struct Run {
    group: Group,
    stdout: Output,
    stderr: Output,
}

impl Run {
    fn start(program: &Path, expected: &Expected, directory: &Path) -> Result<Run, Trouble> {
        prctl::set_child_subreaper(true).map_err(system("become a child subreaper"))?;
        let stdin = standard_input(&expected.command.stdin)
            .map_err(system("write its standard input to a file"))?;
        let mut child = Command::new(program)
            .args(&expected.command.args)
            .current_dir(directory)
            .env("TMPDIR", directory)
            .process_group(0)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(system("start it"))?;
        let group = Group::led_by(child.id());
        let stdout = Output::new(child.stdout.take())?;
        Ok(Run { group, stdout, stderr: Output::new(child.stderr.take())? })
    }

    /// Reads and reaps until the program and its processes have ended, or until something is wrong.
    fn watch(&mut self, limit: Duration) -> Result<(), Trouble> {
        let started = Instant::now();
        let mut ended = None;
        loop {
            thread::sleep(TICK);
            self.group.reap().map_err(system("wait for its processes"))?;
            self.read()?;
            match ended {
                None if self.group.leader.is_some() => ended = Some(Instant::now()),
                None if started.elapsed() >= limit => return Err(Trouble::Hangs(limit)),
                Some(_) if self.group.is_gone && self.stdout.pipe.is_none() => {
                    return self.group.verdict();
                }
                Some(ended) if ended.elapsed() >= LINGER => {
                    let is_gone = self.group.is_gone;
                    let left_behind = || Trouble::LeftBehind(self.group.alive());
                    return Err(if is_gone { Trouble::HoldsOutput } else { left_behind() });
                }
                _ if STOP.load(Ordering::Relaxed) => return Err(Trouble::Stopped),
                _ => {}
            }
        }
    }

    fn read(&mut self) -> Result<(), Trouble> {
        for output in [&mut self.stdout, &mut self.stderr] {
            output.read().map_err(system("read its output"))?;
            if output.bytes.len() > MAX_OUTPUT {
                return Err(Trouble::TooMuchOutput);
            }
        }
        Ok(())
    }
}

/// A file with `text`. Writing to a pipe would block while the program does not read.
fn standard_input(text: &str) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

/// What a program prints on one stream.
struct Output {
    /// None when it has ended.
    pipe: Option<File>,
    bytes: Vec<u8>,
}

impl Output {
    /// The end that is read here does not block; the program's end is as usual.
    fn new(pipe: Option<impl Into<OwnedFd>>) -> Result<Output, Trouble> {
        let pipe: Option<OwnedFd> = pipe.map(Into::into);
        if let Some(pipe) = &pipe {
            fcntl(pipe, F_SETFL(OFlag::O_NONBLOCK)).map_err(system("set up its output"))?;
        }
        Ok(Output { pipe: pipe.map(File::from), bytes: Vec::new() })
    }

    /// Reads what there is, up to the limit.
    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 64 << 10];
        while let Some(pipe) = &mut self.pipe
            && self.bytes.len() <= MAX_OUTPUT
        {
            match pipe.read(&mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(length) => self.bytes.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
