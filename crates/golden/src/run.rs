//! Runs a program to the end of all its processes, and catches what it prints.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use std::{fmt, fs};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::Expected;
use crate::scratch::Scratch;

/// How long a program may run where nothing else is said.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(60);

/// How many bytes a program may print on standard output, and as many on standard error.
pub const MAX_OUTPUT: usize = 1 << 20;

/// How long processes may live on when their program has ended: some programs show just that.
const LINGER: Duration = Duration::from_secs(5);

/// How often the ends of processes are looked for. Output is read at once.
const TICK: Duration = Duration::from_millis(10);

/// Set when all runs are to stop.
static STOP: AtomicBool = AtomicBool::new(false);

/// Makes all calls of [`run`] kill their programs and return soon, those to come too: the way to end on Ctrl-C.
pub fn stop_all_runs() {
    STOP.store(true, Ordering::Relaxed);
}

/// Whether [`stop_all_runs`] was called.
pub(crate) fn is_stopped() -> bool {
    STOP.load(Ordering::Relaxed)
}

/// Runs `program` with the arguments and the standard input that are `expected`, in an empty directory of its own,
/// and returns what it printed on standard output once it and all processes of its group have ended.
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
    let scratch = Scratch::new()
        .map_err(|error| failure(Trouble::System("make a directory for it", error)))?;
    let mut run = Run::start(program, expected, &scratch).map_err(failure)?;
    let result = run.watch(limit);
    run.group.kill();
    run.drain();
    let Run { stdout, stderr, .. } = run;
    match result {
        Ok(()) => Ok(stdout.bytes),
        Err(trouble) => Err(RunError { trouble, stdout: stdout.bytes, stderr: stderr.bytes }),
    }
}

/// A program that did not run well, and what it printed.
#[derive(Debug)]
pub struct RunError {
    /// What went wrong.
    pub trouble: Trouble,
    /// What it printed on standard output up to then.
    pub stdout: Vec<u8>,
    /// What it printed on standard error up to then.
    pub stderr: Vec<u8>,
}

/// What can go wrong with a program that runs.
#[derive(Debug)]
pub enum Trouble {
    /// A system call failed; the text says what was tried.
    System(&'static str, io::Error),
    /// It did not end in this time.
    Hangs(Duration),
    /// It ended with an exit code other than 0.
    ExitCode(i32),
    /// It was ended by a signal.
    Signal(Signal),
    /// It ended, but these processes of its group did not: id and command line of each. There are none if another
    /// process, outside of the group, holds its standard output open.
    LeftBehind(Vec<String>),
    /// It printed more than [`MAX_OUTPUT`].
    TooMuchOutput,
    /// [`stop_all_runs`] was called.
    Stopped,
}

/// A program that is running.
struct Run {
    group: Group,
    stdout: Capture,
    stderr: Capture,
}

impl Run {
    fn start(program: &Path, expected: &Expected, scratch: &Scratch) -> Result<Run, Trouble> {
        prctl::set_child_subreaper(true)
            .map_err(|errno| Trouble::System("become a child subreaper", errno.into()))?;
        let stdin = if expected.stdin().is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = Command::new(program)
            .args(expected.args())
            .current_dir(scratch.path())
            .process_group(0)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Trouble::System("start it", error))?;
        let run = Run {
            group: Group::led_by(child.id()),
            stdout: Capture::new(child.stdout.take().map(OwnedFd::from)),
            stderr: Capture::new(child.stderr.take().map(OwnedFd::from)),
        };
        if let (Some(text), Some(mut pipe)) = (expected.stdin(), child.stdin.take()) {
            // A line fits into an empty pipe: this does not block.
            match pipe.write_all(text.as_bytes()) {
                // It has ended without reading.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                result => {
                    result.map_err(|error| Trouble::System("write its standard input", error))?
                }
            }
        }
        Ok(run)
    }

    /// Reads and reaps until the program and its processes have ended, or until something is wrong.
    fn watch(&mut self, limit: Duration) -> Result<(), Trouble> {
        let started = Instant::now();
        let mut ended = None;
        loop {
            self.read(TICK).map_err(|error| Trouble::System("read its output", error))?;
            if self.stdout.is_too_much() || self.stderr.is_too_much() {
                return Err(Trouble::TooMuchOutput);
            }
            self.group
                .reap()
                .map_err(|errno| Trouble::System("wait for its processes", errno.into()))?;
            match ended {
                None if self.group.leader.is_some() => ended = Some(Instant::now()),
                None if started.elapsed() >= limit => return Err(Trouble::Hangs(limit)),
                Some(_) if self.group.is_gone && self.stdout.is_at_end() => {
                    return self.group.verdict();
                }
                Some(ended) if ended.elapsed() >= LINGER => {
                    return Err(Trouble::LeftBehind(self.group.alive()));
                }
                _ if is_stopped() => return Err(Trouble::Stopped),
                _ => {}
            }
        }
    }

    /// Waits until there is something to read, at most for `timeout`, and reads it. False if there was nothing.
    fn read(&mut self, timeout: Duration) -> io::Result<bool> {
        let mut captures = [&mut self.stdout, &mut self.stderr];
        let mut open: Vec<&mut &mut Capture> =
            captures.iter_mut().filter(|capture| !capture.is_at_end()).collect();
        let mut fds: Vec<PollFd<'_>> = open
            .iter()
            .filter_map(|capture| capture.pipe.as_ref())
            .map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(false),
            result => result?,
        };
        let is_ready: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(false)).collect();
        for (capture, _) in open.iter_mut().zip(is_ready).filter(|(_, is_ready)| *is_ready) {
            capture.read()?;
        }
        Ok(true)
    }

    /// Reads what is there and would otherwise be lost.
    fn drain(&mut self) {
        while !self.stdout.is_too_much()
            && !self.stderr.is_too_much()
            && matches!(self.read(Duration::ZERO), Ok(true))
        {}
    }
}

/// One output of a program.
struct Capture {
    /// None when it has ended.
    pipe: Option<File>,
    bytes: Vec<u8>,
}

impl Capture {
    fn new(pipe: Option<OwnedFd>) -> Capture {
        Capture { pipe: pipe.map(File::from), bytes: Vec::new() }
    }

    fn is_at_end(&self) -> bool {
        self.pipe.is_none()
    }

    fn is_too_much(&self) -> bool {
        self.bytes.len() > MAX_OUTPUT
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

/// The process group of a program. What is left of it is killed when this is dropped.
struct Group {
    id: Pid,
    /// How the program itself ended.
    leader: Option<WaitStatus>,
    /// Whether all its processes have ended and were reaped. From then on its id can be another's.
    is_gone: bool,
}

impl Group {
    fn led_by(pid: u32) -> Group {
        Group { id: Pid::from_raw(pid.cast_signed()), leader: None, is_gone: false }
    }

    /// Reaps the processes of the group that have ended: the program itself and orphans, which came to us.
    fn reap(&mut self) -> nix::Result<()> {
        let group = Pid::from_raw(-self.id.as_raw());
        while !self.is_gone {
            match waitpid(group, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => break,
                Ok(status) if status.pid() == Some(self.id) => self.leader = Some(status),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::ECHILD) => self.is_gone = true,
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Kills what is left of the group, and reaps it.
    fn kill(&mut self) {
        let deadline = Instant::now() + LINGER;
        while self.reap().is_ok() && !self.is_gone && Instant::now() < deadline {
            // There is a process of the group that we have not reaped, so the id is still its own.
            if killpg(self.id, Signal::SIGKILL).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn verdict(&self) -> Result<(), Trouble> {
        match self.leader {
            Some(WaitStatus::Exited(_, code)) if code != 0 => Err(Trouble::ExitCode(code)),
            Some(WaitStatus::Signaled(_, signal, _)) => Err(Trouble::Signal(signal)),
            _ => Ok(()),
        }
    }

    /// Id and command line of each process of the group that has not ended.
    fn alive(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(|&pid| self.has_living(pid).unwrap_or(false))
            .map(|pid| format!("{pid} ({})", command_line(pid)))
            .collect()
    }

    /// Whether a process is of this group and is no zombie; None if it is gone.
    fn has_living(&self, pid: i32) -> Option<bool> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field, the name in parentheses, may itself hold blanks and parentheses.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let group: i32 = fields.nth(1)?.parse().ok()?;
        Some(group == self.id.as_raw() && state != "Z")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

fn command_line(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ")
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::System(tried, error) => write!(f, "could not {tried}: {error}"),
            Trouble::Hangs(limit) => {
                write!(
                    f,
                    "it hangs: it did not end in {} s, and was killed with its processes",
                    limit.as_secs_f64()
                )
            }
            Trouble::ExitCode(code) => write!(f, "it ended with exit code {code}, not 0"),
            Trouble::Signal(signal) => write!(f, "it was ended by {signal}"),
            Trouble::LeftBehind(processes) if processes.is_empty() => {
                write!(
                    f,
                    "it ended, but a process that left its group holds its standard output open"
                )
            }
            Trouble::LeftBehind(processes) => {
                let linger = LINGER.as_secs();
                write!(
                    f,
                    "it ended and left processes behind, which were killed {linger} s later: {}",
                    processes.join(", ")
                )
            }
            Trouble::TooMuchOutput => {
                write!(f, "it printed more than {MAX_OUTPUT} bytes, and was killed")
            }
            Trouble::Stopped => write!(f, "it was stopped"),
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trouble.fmt(f)?;
        show_end("standard output", &self.stdout, f)?;
        show_end("standard error", &self.stderr, f)
    }
}

/// Writes the last lines of what was printed, if anything was.
fn show_end(name: &str, bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const MAX_LINES: usize = 30;
    const MAX_COLUMNS: usize = 200;

    if bytes.is_empty() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    write!(f, "\n{name}:")?;
    if lines.len() > MAX_LINES {
        write!(f, "\n    … {} lines", lines.len() - MAX_LINES)?;
    }
    for line in &lines[lines.len().saturating_sub(MAX_LINES)..] {
        let shown: String = line.chars().take(MAX_COLUMNS).collect();
        write!(f, "\n    {shown}{}", if shown.len() < line.len() { "…" } else { "" })?;
    }
    Ok(())
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.trouble {
            Trouble::System(_, error) => Some(error),
            _ => None,
        }
    }
}
