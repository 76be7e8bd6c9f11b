//! A process that is led to an instruction of an operation, and killed there.

use ipc_common::{Child, Lock, Queue, Value};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::instruction;
use crate::processes::{is_in_futex, join, start};
use crate::way::WAY;

/// A process under the control of this one.
pub struct Victim {
    pid: Pid,
    /// Unless somebody else has started it.
    child: Option<Child>,
}

/// Where a step has led.
#[derive(PartialEq)]
enum Step {
    /// To the next instruction.
    Done,
    /// Into a system call that sleeps.
    Asleep,
    /// To the end of what was to be watched.
    End,
}

impl Victim {
    /// Starts a process that stops at the first instruction of `watched`.
    pub fn new(watched: impl FnOnce()) -> Self {
        let child = start(|| {
            // The first of each looks up or allocates what all others use.
            drop(Lock::new().unwrap().lock().unwrap());
            drop(Value::new(0).unwrap().lock().unwrap());
            drop(Value::new(0_u8).unwrap().lock().unwrap());
            let queue = Queue::new().unwrap();
            queue.put(&"x".repeat(20_000)).unwrap();
            queue.get().unwrap();
            ptrace::traceme().unwrap();
            raise(Signal::SIGSTOP).unwrap();
            watched();
            raise(Signal::SIGSTOP).unwrap();
        });
        let victim = Victim { pid: Pid::from_raw(child.pid() as i32), child: Some(child) };
        victim.expect(Signal::SIGSTOP);
        victim
    }

    /// Takes control of a process below this one that has stopped itself. What is watched ends
    /// where it does so again.
    pub fn seize(pid: u32) -> Self {
        let pid = Pid::from_raw(pid as i32);
        ptrace::seize(pid, ptrace::Options::empty()).unwrap();
        let stopped = waitpid(pid, None).unwrap();
        assert!(matches!(stopped, WaitStatus::PtraceEvent(_, Signal::SIGSTOP, _)), "{stopped:?}");
        Victim { pid, child: None }
    }

    /// Its id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Kills it where it is, and reaps it.
    pub fn kill(self) {
        kill(self.pid, Signal::SIGKILL).unwrap();
        match self.child {
            Some(child) => assert_eq!(join(&child), -9),
            None => {
                let killed = WaitStatus::Signaled(self.pid, Signal::SIGKILL, false);
                assert_eq!(waitpid(self.pid, None), Ok(killed));
            }
        }
    }

    /// Runs on to where it stops itself.
    pub fn run_to_stop(&self) {
        ptrace::cont(self.pid(), None).unwrap();
        self.expect(Signal::SIGSTOP);
    }

    fn expect(&self, signal: Signal) {
        assert_eq!(waitpid(self.pid(), None), Ok(WaitStatus::Stopped(self.pid(), signal)));
    }

    /// Goes on by `n` instructions, none of which may sleep. `false` if the end came first.
    pub fn steps(&self, n: usize) -> bool {
        self.steps_and_wake(n, || panic!("the victim sleeps where it should not"))
    }

    /// Goes on by `n` instructions. If one sleeps, `wake` has to wake it.
    pub fn steps_and_wake(&self, n: usize, mut wake: impl FnMut()) -> bool {
        let mut done = 0;
        WAY.with_borrow_mut(|way| {
            if way.addresses.is_empty() {
                way.addresses.push(self.address());
            }
            while done < n {
                let known = way.addresses.len() - 1;
                let awake = way.sleeps.range(done + 1..).next().map_or(n, |sleeps| sleeps - 1);
                let place = known.min(awake).min(n);
                if place > done && !way.slowly {
                    if !self.run_to(&way.addresses[done..=place]) {
                        way.missed = true;
                        return false;
                    }
                    done = place;
                    continue;
                }
                match self.step() {
                    Step::End => return false,
                    Step::Done => {}
                    Step::Asleep => {
                        way.sleeps.insert(done + 1);
                        wake();
                        self.expect(Signal::SIGTRAP);
                    }
                }
                done += 1;
                way.addresses.truncate(done.max(known + 1));
                if done == way.addresses.len() {
                    way.addresses.push(self.address());
                }
            }
            true
        })
    }

    /// One instruction.
    fn step(&self) -> Step {
        if let Some(behind) = instruction::end_of_copy(self.pid) {
            return if self.run_to(&[self.address(), behind]) { Step::Done } else { Step::End };
        }
        ptrace::step(self.pid(), None).unwrap();
        for looks in 0_u64.. {
            match waitpid(self.pid(), Some(WaitPidFlag::WNOHANG)).unwrap() {
                WaitStatus::Stopped(_, Signal::SIGTRAP) => {
                    return match instruction::return_from_vdso(self.pid) {
                        Some(caller) if !self.run_to(&[self.address(), caller]) => Step::End,
                        _ => Step::Done,
                    };
                }
                WaitStatus::Stopped(_, Signal::SIGSTOP) => return Step::End,
                // Asking /proc takes longer than a step, so not every time.
                WaitStatus::StillAlive if looks % 64 == 63 && self.is_asleep() => {
                    return Step::Asleep;
                }
                WaitStatus::StillAlive => std::thread::yield_now(),
                other => panic!("the victim: {other:?}"),
            }
        }
        unreachable!()
    }

    /// Goes on by `n` instructions. `false` if it fell asleep before, or came to the end.
    pub fn steps_awake(&self, n: usize) -> bool {
        (0..n).all(|_| self.step() == Step::Done)
    }

    /// Goes on until it is asleep. `false` if the end came first.
    pub fn step_to_sleep(&self) -> bool {
        loop {
            match self.step() {
                Step::Done => {}
                Step::Asleep => return true,
                Step::End => return false,
            }
        }
    }

    /// After something that wakes it: back to its next instruction.
    pub fn woken(&self) {
        self.expect(Signal::SIGTRAP);
    }

    /// In a futex call and asleep there, not just about to stop on its way out of it.
    fn is_asleep(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap();
        is_in_futex(self.pid.as_raw() as u32) && stat.rsplit(") ").next().unwrap().starts_with('S')
    }

    /// Goes the same way as another before it, from its first address to its last, by breakpoints.
    /// `false` if it has gone another one.
    fn run_to(&self, way: &[u64]) -> bool {
        if !instruction::HAS_BREAKPOINTS {
            return way[1..].iter().all(|_| self.step() == Step::Done);
        }
        let last = *way.last().unwrap();
        let mut at = 0;
        while way[at + 1..].contains(&last) {
            if way[at] == last {
                // From here a breakpoint would stop it before it has gone anywhere.
                if self.step() != Step::Done {
                    return false;
                }
                at += 1;
                continue;
            }
            // A lock that was waited for long is taken another way, which may lead past it to a sleep.
            if !instruction::run_to_breakpoint(self.pid, last, || self.is_asleep()) {
                return false;
            }
            at += 1 + way[at + 1..].iter().position(|&address| address == last).unwrap();
        }
        true
    }

    fn address(&self) -> u64 {
        instruction::address(self.pid)
    }
}
