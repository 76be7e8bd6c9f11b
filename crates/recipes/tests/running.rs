//! Running an example.

use std::env;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The example, which Cargo has built beside the tests.
pub(crate) fn command(example: &str) -> Command {
    let folder = env::current_exe().unwrap().parent().unwrap().with_file_name("examples");
    let mut command = Command::new(folder.join(example));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// A process that is killed if the test ends before it.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// What it prints, to be read once.
    pub(crate) fn output(&mut self) -> Output {
        Output(self.0.stdout.take().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // If it has ended and was reaped already, both do nothing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The output of a process, of which the next part must come in time.
pub(crate) struct Output(ChildStdout);

impl Read for Output {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let limit = PollTimeout::from(60_000_u16); // milliseconds
        match poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], limit)? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => self.0.read(into),
        }
    }
}

/// What the example prints; it must not fail.
pub(crate) fn printed(command: &mut Command) -> String {
    let mut running = Running(command.spawn().unwrap());
    let mut printed = String::new();
    running.output().read_to_string(&mut printed).unwrap();
    let status = running.0.wait().unwrap();
    assert!(status.success(), "{command:?} ended with {status}");
    printed
}
