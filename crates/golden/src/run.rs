//! Runs a program to the end of all its processes, and catches what it prints.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use tempfile::TempDir;

use crate::expected::Expected;
use crate::group::Group;
use crate::trouble::{LINGER, MAX_OUTPUT, RunError, Trouble};

/// How often the ends of processes are looked for. Output is read at once.
const TICK: Duration = Duration::from_millis(10);

/// Set when all runs are to stop.
static STOP: AtomicBool = AtomicBool::new(false);

/// Makes all calls of [`run()`] kill their programs and return soon, those to come too: the way to end on Ctrl-C.
pub fn stop_all_runs() {
    STOP.store(true, Ordering::Relaxed);
}

/// Whether [`stop_all_runs`] was called.
pub fn is_stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Runs `program` with the arguments and the standard input that are `expected`, in an empty directory of its own,
/// which is also where its temporary files go, and returns what it printed on standard output once it and all
/// processes of its group have ended.
///
/// This process becomes a child subreaper: orphans of the program become children of it and are reaped here.
///
/// # Errors
///
/// If the program cannot be run, runs longer than `limit`, prints more than [`MAX_OUTPUT`], ends with another exit
/// code than 0 or by a signal, or if processes of its group live 5 s longer than it. Nothing of it runs on then:
/// its whole process group is killed.
pub fn run(program: &Path, expected: &Expected, limit: Duration) -> Result<Vec<u8>, RunError> {
    let failure = |trouble| RunError { trouble, stdout: Vec::new(), stderr: Vec::new() };
    // Dropped last: the processes have ended when their directory is removed.
    let directory = TempDir::with_prefix("golden-")
        .map_err(|error| failure(Trouble::System("make a directory for it", error)))?;
    let mut run = Run::start(program, expected, directory.path()).map_err(failure)?;
    let result = run.watch(limit);
    run.group.kill();
    run.drain();
    let Run { stdout, stderr, .. } = run;
    match result {
        Ok(()) => Ok(stdout.bytes),
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
        prctl::set_child_subreaper(true)
            .map_err(|errno| Trouble::System("become a child subreaper", errno.into()))?;
        let stdin = standard_input(expected.stdin())
            .map_err(|error| Trouble::System("write its standard input to a file", error))?;
        let mut child = Command::new(program)
            .args(expected.args())
            .current_dir(directory)
            .env("TMPDIR", directory)
            .process_group(0)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Trouble::System("start it", error))?;
        Ok(Run {
            group: Group::led_by(child.id()),
            stdout: Output::new(child.stdout.take().map(OwnedFd::from)),
            stderr: Output::new(child.stderr.take().map(OwnedFd::from)),
        })
    }

    /// Reads and reaps until the program and its processes have ended, or until something is wrong.
    fn watch(&mut self, limit: Duration) -> Result<(), Trouble> {
        let started = Instant::now();
        let mut ended = None;
        loop {
            self.read(TICK).map_err(|error| Trouble::System("read its output", error))?;
            if self.printed_too_much() {
                return Err(Trouble::TooMuchOutput);
            }
            self.group
                .reap()
                .map_err(|errno| Trouble::System("wait for its processes", errno.into()))?;
            match ended {
                None if self.group.leader.is_some() => ended = Some(Instant::now()),
                None if started.elapsed() >= limit => return Err(Trouble::Hangs(limit)),
                Some(_) if self.group.is_gone && self.stdout.pipe.is_none() => {
                    return self.group.verdict();
                }
                Some(ended) if ended.elapsed() >= LINGER && self.group.is_gone => {
                    return Err(Trouble::HoldsOutput);
                }
                Some(ended) if ended.elapsed() >= LINGER => {
                    return Err(Trouble::LeftBehind(self.group.alive()));
                }
                _ if is_stopped() => return Err(Trouble::Stopped),
                _ => {}
            }
        }
    }

    fn printed_too_much(&self) -> bool {
        self.stdout.bytes.len() > MAX_OUTPUT || self.stderr.bytes.len() > MAX_OUTPUT
    }

    /// Waits until there is something to read, at most for `timeout`, and reads it. False if there was nothing.
    fn read(&mut self, timeout: Duration) -> io::Result<bool> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut open: Vec<&mut Output> = [&mut self.stdout, &mut self.stderr]
            .into_iter()
            .filter(|output| output.pipe.is_some())
            .collect();
        let pipes = open.iter().filter_map(|output| output.pipe.as_ref());
        let mut fds: Vec<PollFd<'_>> =
            pipes.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(false),
            result => result?,
        };
        let is_ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(false)).collect();
        for (output, _) in open.iter_mut().zip(is_ready).filter(|(_, is_ready)| *is_ready) {
            output.read()?;
        }
        Ok(true)
    }

    /// Reads what is there and would otherwise be lost.
    fn drain(&mut self) {
        while !self.printed_too_much() && matches!(self.read(Duration::ZERO), Ok(true)) {}
    }
}

/// A file with `text`, or the null device. Writing to a pipe would block while the program does not read.
fn standard_input(text: Option<&str>) -> io::Result<Stdio> {
    let Some(text) = text else { return Ok(Stdio::null()) };
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file.into())
}

/// What a program prints on one stream.
struct Output {
    /// None when it has ended.
    pipe: Option<File>,
    bytes: Vec<u8>,
}

impl Output {
    fn new(pipe: Option<OwnedFd>) -> Output {
        Output { pipe: pipe.map(File::from), bytes: Vec::new() }
    }

    /// Reads once, which does not block when the pipe is ready.
    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 64 << 10];
        if let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut buffer)? {
                0 => self.pipe = None,
                length => self.bytes.extend_from_slice(&buffer[..length]),
            }
        }
        Ok(())
    }
}
