//! Runs each test in a process of its own.
//!
//! Whatever forks needs a process with one thread, so a test runs on the main thread of a new copy
//! of the test binary. Twice as many run side by side as there are processors. What a test prints is
//! shown if it fails. After each test its process must have as many open descriptors as before, and no
//! child.
//!
//! The command line is that of the standard harness: filters, `--exact`, `--skip`, `--list`,
//! `--nocapture`, `--test-threads`; `cargo nextest` works, too.

use std::env;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::thread;

use ipc_common::active_children;
use libtest_mimic::{Arguments, Failed, Trial};
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::alarm;

use crate::processes::open_descriptors;

/// A test that takes longer is ended by SIGALRM: an hour if more kill points are asked for.
static LIMIT_IN_SECONDS: LazyLock<u32> = LazyLock::new(|| match env::var_os("IPC_KILL_POINTS") {
    None => 180,
    Some(_) => 3600,
});

/// How many tests run side by side for each processor: they wait more than they compute.
const SIDE_BY_SIDE: usize = 2;

/// The argument that asks a test binary to run the test that is named after it, here and now.
const RUN_HERE: &str = "--run-in-this-process";

/// A test: its name, with that of its module, and what it does.
pub type Test = (&'static str, fn());

/// Makes the module's `TESTS` of the tests that are named.
#[macro_export]
macro_rules! tests {
    ($($test:ident),* $(,)?) => {
        pub(crate) const TESTS: &[testing::harness::Test] =
            &[$((concat!(module_path!(), "::", stringify!($test)), $test)),*];
    };
}

/// The `main` of a test binary, given the `TESTS` of its modules.
pub fn run(modules: &[&[Test]]) -> ExitCode {
    let tests = modules.iter().copied().flatten().map(|&(path, test)| {
        let (_binary, name) = path.split_once("::").unwrap();
        (name, test)
    });
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some(RUN_HERE) {
        let wanted = arguments.next().unwrap();
        let (_, test) = tests.clone().find(|(name, _)| *name == wanted).unwrap();
        run_here(test);
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert_with(|| SIDE_BY_SIDE * processors());
    let is_captured = !arguments.nocapture;
    let trials = tests.map(|(name, _)| Trial::test(name, move || run_there(name, is_captured)));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Runs the test in a new process, and fails with what that printed.
fn run_there(name: &str, is_captured: bool) -> Result<(), Failed> {
    let mut command = Command::new(env::current_exe()?);
    command.args([RUN_HERE, name]).stdin(Stdio::null());
    let mut output = None;
    if is_captured {
        // Not a pipe: a process that the test leaves behind would hold it open.
        let file = File::from(memfd_create(c"output", MFdFlags::MFD_CLOEXEC)?);
        command.stdout(file.try_clone()?).stderr(file.try_clone()?);
        output = Some(file);
    }
    let status = command.status()?;
    if status.success() {
        return Ok(());
    }
    let mut printed = Vec::new();
    if let Some(mut output) = output {
        output.rewind()?;
        output.read_to_end(&mut printed)?;
    }
    Err(format!("{}{}", String::from_utf8_lossy(&printed), what_ended(status)).into())
}

fn what_ended(status: ExitStatus) -> String {
    match status.signal().map(Signal::try_from) {
        Some(Ok(Signal::SIGALRM)) => format!("It took longer than {} seconds.", *LIMIT_IN_SECONDS),
        _ => format!("Its process ended with {status}."),
    }
}

/// Runs the test on this thread, and looks whether it left something behind.
fn run_here(test: fn()) {
    // Ends with the thread that started this process, which waits for it.
    set_pdeathsig(Signal::SIGKILL).unwrap();
    alarm::set(*LIMIT_IN_SECONDS);
    let before = open_descriptors();
    test();
    end_daemons();
    assert_no_children();
    assert_eq!(open_descriptors(), before, "file descriptors left open");
}

/// As at the end of a program.
fn end_daemons() {
    for daemon in active_children().iter().filter(|child| child.daemon()) {
        daemon.kill().unwrap();
        daemon.join().unwrap();
    }
}

/// Neither running nor zombie.
pub fn assert_no_children() {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    assert_eq!(waitid(Id::All, flags), Err(Errno::ECHILD), "a child was left behind");
}
