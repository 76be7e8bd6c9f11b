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

/// Runs the test in a new process. Prints what it printed, as the harness expects it of a test.
///
/// # Errors
///
/// Why it did not pass, as a sentence.
pub(crate) fn try_in_new_process<T: Termination>(
    limit: Duration,
    test: fn() -> T,
) -> Result<(), String> {
    let order = order(test)?;
    let tried = start_and_wait(limit, order);
    let (ending, report) =
        tried.map_err(|error| format!("a process for the test could not be started: {error}"))?;
    match (ending, report.as_str()) {
        (None, _) => Err(format!(
            "the test took longer than {limit:?}; its process and the children of that were killed"
        )),
        (Some(status), "passed") if status.success() => Ok(()),
        (Some(status), "passed") => Err(format!("after the test passed, {}", what_ended(status))),
        (Some(status), "") => Err(format!("before the end of the test, {}", what_ended(status))),
        (Some(_), report) => Err(format!("the test failed in its process: {report}")),
    }
}

fn what_ended(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("signal {signal} ended its process"),
        None => format!("its process ended with {status}"),
    }
}

/// Its exit status, `None` if it was killed at the limit; and its report.
fn start_and_wait(
    limit: Duration,
    (name, order): (&str, String),
) -> io::Result<(Option<ExitStatus>, String)> {
    let report = nameless_file()?;
    let mut command = Command::new("/proc/self/exe");
    command.args(env::args_os().skip(1)).env(name, order).stdin(report.try_clone()?);
    // Not a pipe: a process that the test leaves behind would hold it open.
    let output = if is_shown_at_once() { None } else { Some(nameless_file()?) };
    if let Some(output) = &output {
        command.stdout(output.try_clone()?).stderr(output.try_clone()?);
    }
    let ending = wait(&mut command.spawn()?, limit);
    if let Some(output) = &output {
        print!("{}", contents(output)?); // by the macro, so that the harness captures it
    }
    Ok((ending?, contents(&report)?))
}

/// What makes the standard harness capture nothing.
fn is_shown_at_once() -> bool {
    env::args_os().any(|argument| argument == "--nocapture" || argument == "--no-capture")
        || env::var_os("RUST_TEST_NOCAPTURE").is_some_and(|value| value != "0")
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
