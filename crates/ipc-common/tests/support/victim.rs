//! A process that is stepped through an operation, instruction by instruction, and killed there.

use ipc_common::{Child, Lock};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::{is_in_futex, join, start};

/// A process under the control of this one.
pub(crate) struct Victim(Child);

/// Where a step has led.
#[derive(PartialEq)]
pub(crate) enum Step {
    /// To the next instruction.
    Done,
    /// Into a system call that sleeps.
    Asleep,
    /// To the end of what was to be watched.
    End,
}

impl Victim {
    /// Starts a process that stops at the first instruction of `watched`.
    pub(crate) fn new(watched: impl FnOnce()) -> Self {
        let child = start(|| {
            drop(Lock::new().unwrap().lock().unwrap()); // the first looks up what all others know
            ptrace::traceme().unwrap();
            raise(Signal::SIGSTOP).unwrap();
            watched();
            raise(Signal::SIGSTOP).unwrap();
        });
        let victim = Victim(child);
        assert_eq!(
            waitpid(victim.pid(), None),
            Ok(WaitStatus::Stopped(victim.pid(), Signal::SIGSTOP))
        );
        victim
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.0.pid() as i32)
    }

    /// One instruction.
    pub(crate) fn step(&self) -> Step {
        ptrace::step(self.pid(), None).unwrap();
        for looks in 0_u64.. {
            match waitpid(self.pid(), Some(WaitPidFlag::WNOHANG)).unwrap() {
                WaitStatus::Stopped(_, Signal::SIGTRAP) => return Step::Done,
                WaitStatus::Stopped(_, Signal::SIGSTOP) => return Step::End,
                // Asking /proc takes longer than a step, so not every time.
                WaitStatus::StillAlive if looks % 64 == 63 && self.is_asleep() => {
                    return Step::Asleep;
                }
                WaitStatus::StillAlive => std::hint::spin_loop(),
                other => panic!("the victim: {other:?}"),
            }
        }
        unreachable!()
    }

    /// In a futex call and asleep there, not just about to stop on its way out of it.
    fn is_asleep(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.pid())).unwrap();
        is_in_futex(self.0.pid()) && stat.rsplit(") ").next().unwrap().starts_with('S')
    }

    /// As many instructions, none of which may sleep; `false` if the end came first.
    pub(crate) fn steps(&self, n: usize) -> bool {
        (0..n).all(|_| match self.step() {
            Step::Done => true,
            Step::End => false,
            Step::Asleep => panic!("the victim sleeps where it should not"),
        })
    }

    /// After something that wakes it: back to its next instruction.
    pub(crate) fn wake(&self) {
        assert_eq!(waitpid(self.pid(), None), Ok(WaitStatus::Stopped(self.pid(), Signal::SIGTRAP)));
    }

    pub(crate) fn kill(self) {
        self.0.kill().unwrap();
        assert_eq!(join(&self.0), -9);
    }
}

/// Plays `scene(n)` for n = 0, 1, 2, … until it says that n was past the end, and tells how many
/// instructions that were.
pub(crate) fn at_every_instruction(name: &str, mut scene: impl FnMut(usize) -> bool) {
    let kill_points = (0..).take_while(|&n| scene(n)).count();
    println!("{name}: killed at {kill_points} instructions");
    assert!(kill_points > 50, "nothing was watched");
}
