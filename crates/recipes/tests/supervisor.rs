//! The supervisor, with its workers killed, and both signals.

use std::io::{BufRead, BufReader, Lines};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use testing::processes::heed_ctrl_c;

use crate::running::{Output, Running, command};

/// The program, in a process group of its own as below a shell. Its workers are daemons: they end with it.
struct Supervisor {
    running: Running,
    lines: Lines<BufReader<Output>>,
}

impl Supervisor {
    fn start() -> Self {
        heed_ctrl_c(); // as this process, so the program
        let mut running = Running(command("supervisor").process_group(0).spawn().unwrap());
        let lines = BufReader::new(running.output()).lines();
        Supervisor { running, lines }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.running.0.id().cast_signed())
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// Reads that a worker has started.
    fn worker(&mut self, name: &str) -> Pid {
        let line = self.line();
        let pid = line.strip_prefix(&format!("{name} is process "));
        Pid::from_raw(pid.unwrap_or_else(|| panic!("{line}")).parse().unwrap())
    }

    fn ends_well(mut self, expected: [&str; 3]) {
        assert_eq!([self.line(), self.line(), self.line()], expected);
        assert!(self.lines.next().is_none());
        assert!(self.running.0.wait().unwrap().success());
    }
}

#[test]
fn a_worker_that_is_killed_is_replaced_and_sigterm_ends_all() {
    let mut supervisor = Supervisor::start();
    let (first, second) = (supervisor.worker("worker-1"), supervisor.worker("worker-2"));
    kill(second, Signal::SIGKILL).unwrap();
    assert_eq!(supervisor.line(), "worker-2 ended with -9");
    let third = supervisor.worker("worker-2");
    kill(supervisor.pid(), Signal::SIGTERM).unwrap();
    supervisor.ends_well(["stopping", "worker-1 ended with -15", "worker-2 ended with -15"]);
    for pid in [first, second, third] {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} was left behind");
    }
}

#[test]
fn a_worker_is_replaced_after_sigterm_for_it_alone() {
    let mut supervisor = Supervisor::start();
    let (first, _second) = (supervisor.worker("worker-1"), supervisor.worker("worker-2"));
    kill(first, Signal::SIGTERM).unwrap();
    assert_eq!(supervisor.line(), "worker-1 ended with -15");
    supervisor.worker("worker-1");
    kill(supervisor.pid(), Signal::SIGTERM).unwrap();
    supervisor.ends_well(["stopping", "worker-1 ended with -15", "worker-2 ended with -15"]);
}

#[test]
fn ctrl_c_ends_the_whole_group() {
    let mut supervisor = Supervisor::start();
    let workers = [supervisor.worker("worker-1"), supervisor.worker("worker-2")];
    // Until a worker lets the signal through, it would come late, and be counted as -2 all the same.
    let deadline = Instant::now() + Duration::from_secs(20);
    for worker in workers {
        while blocks_signals(worker) {
            assert!(Instant::now() < deadline, "process {worker} does not unblock its signals");
            sleep(Duration::from_millis(5));
        }
    }
    killpg(supervisor.pid(), Signal::SIGINT).unwrap();
    supervisor.ends_well(["stopping", "worker-1 ended with -2", "worker-2 ended with -2"]);
}

fn blocks_signals(pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).unwrap();
    u64::from_str_radix(mask, 16).unwrap() & (1 << (Signal::SIGINT as u32 - 1)) != 0
}
