//! Starts the test binary once more for one test, waits for it, and says how that ended.

use std::env;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Termination};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::before_main::order;
use crate::descendants::kill_with_descendants;
use crate::report::{contents, nameless_file};

/// How a test has ended, and what it printed, if that was captured.
#[derive(Debug)]
pub struct Trial {
    /// On standard output and standard error.
    pub printed: String,
    /// Why it did not pass, as a sentence.
    pub failure: Option<String>,
}

/// Runs the test in a new process, which is killed at the limit.
///
/// # Errors
///
/// If there can be no such process.
pub fn try_in_new_process<T: Termination>(
    limit: Duration,
    is_captured: bool,
    test: fn() -> T,
) -> Result<Trial, String> {
    let (ending, report, printed) = start_and_wait(limit, is_captured, order(test)?)
        .map_err(|error| format!("a process for the test could not be started: {error}"))?;
    let failure = match (ending, report.as_str()) {
        (None, _) => Some(format!(
            "the test took longer than {limit:?}; its process and the children of that were killed"
        )),
        (Some(status), "passed") if status.success() => None,
        (Some(status), "passed") => Some(format!("after the test passed, {}", what_ended(status))),
        (Some(status), "") => Some(format!("before the end of the test, {}", what_ended(status))),
        (Some(_), report) => Some(format!("the test failed in its process: {report}")),
    };
    Ok(Trial { printed, failure })
}

fn what_ended(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("signal {signal} ended its process"),
        None => format!("its process ended with {status}"),
    }
}

/// Its exit status, `None` if it was killed at the limit; its report; and what it printed.
fn start_and_wait(
    limit: Duration,
    is_captured: bool,
    (name, order): (&str, String),
) -> io::Result<(Option<ExitStatus>, String, String)> {
    let (report, output) = (nameless_file()?, nameless_file()?);
    let mut command = Command::new("/proc/self/exe");
    command.args(env::args_os().skip(1)).env(name, order).stdin(report.try_clone()?);
    if is_captured {
        // Not a pipe: a process that the test leaves behind would hold it open.
        command.stdout(output.try_clone()?).stderr(output.try_clone()?);
    }
    let ending = wait(&mut command.spawn()?, limit)?;
    Ok((ending, contents(&report)?, contents(&output)?))
}

/// Waits for its end, and kills it at the limit.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let pid = Pid::from_child(child);
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let limit = Timespec::try_from(limit).ok(); // longer than the kernel can count: no limit
    loop {
        match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], limit.as_ref()) {
            Ok(0) => {
                kill_with_descendants(pid);
                child.wait()?;
                return Ok(None);
            }
            Ok(_) => return child.wait().map(Some),
            Err(Errno::INTR) => {} // by a signal handler: the limit begins anew
            Err(error) => return Err(error.into()),
        }
    }
}
