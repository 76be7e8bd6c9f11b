//! Runs each test in a process of its own.
//!
//! Whatever forks needs a process with one thread, so a test runs on the main thread of a new copy
//! of the test binary, as `ipc-test` does it for other people's. Twice as many run side by side as
//! there are processors. What a test prints is shown if it fails. After each test its process must
//! have as many open descriptors as before, and no child.
//!
//! The command line is that of the standard harness: filters, `--exact`, `--skip`, `--list`,
//! `--nocapture`, `--test-threads`; `cargo nextest` works, too.

use std::env;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use ipc_common::active_children;
use ipc_test::internal::try_in_new_process;
use libtest_mimic::{Arguments, Failed, Trial};
use nix::errno::Errno;
use nix::sys::wait::{Id, WaitPidFlag, waitid};

use crate::processes::{heed_ctrl_c, open_descriptors};

/// A test that takes longer is killed: an hour if more kill points are asked for.
static LIMIT: LazyLock<Duration> = LazyLock::new(|| match env::var_os("IPC_KILL_POINTS") {
    None => Duration::from_secs(180),
    Some(_) => Duration::from_secs(3600),
});

/// How many tests run side by side for each processor: they wait more than they compute.
const SIDE_BY_SIDE: usize = 2;

/// A test: its name, with that of its module, and what it does.
pub type Test = (&'static str, fn());

/// Makes the module's `TESTS` of the tests that are named.
#[macro_export]
macro_rules! tests {
    ($($test:ident),* $(,)?) => {
        pub(crate) const TESTS: &[testing::harness::Test] =
            &[$((concat!(module_path!(), "::", stringify!($test)), || {
                testing::harness::run_here($test);
            })),*];
    };
}

/// The `main` of a test binary, given the `TESTS` of its modules.
pub fn run(modules: &[&[Test]]) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert_with(|| SIDE_BY_SIDE * processors());
    let is_captured = !arguments.nocapture;
    let trials = modules.iter().copied().flatten().map(|&(path, test)| {
        let (_binary, name) = path.split_once("::").unwrap();
        Trial::test(name, move || run_there(test, is_captured))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Runs the test in a new process, and fails with what that printed.
fn run_there(test: fn(), is_captured: bool) -> Result<(), Failed> {
    let trial = try_in_new_process(*LIMIT, is_captured, test)?;
    trial.failure.map_or(Ok(()), |failure| Err(format!("{}{failure}", trial.printed).into()))
}

/// Runs the test on this thread, and looks whether it left something behind.
pub fn run_here(test: fn()) {
    heed_ctrl_c();
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
