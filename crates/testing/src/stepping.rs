//! Leading a [`Victim`], step by step or by breakpoints.

use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

use crate::instruction;
use crate::processes::{is_in, stat};
use crate::victim::Victim;
use crate::way::WAY;

/// Where a step has led.
#[derive(PartialEq)]
enum Step {
    /// To the next instruction.
    Done,
    /// To the next instruction, and the one before has made a copy of the process.
    Copied,
    /// Into a system call that sleeps.
    Asleep,
    /// To the end of what was to be watched.
    End,
}

impl Victim {
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
                let single = way.single.range(done + 1..).next().map_or(n, |single| single - 1);
                let place = known.min(single).min(n);
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
                    Step::Copied => {
                        way.single.insert(done + 1);
                    }
                    Step::Asleep => {
                        way.single.insert(done + 1);
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
        if let Some(behind) = instruction::end_of_block(self.pid) {
            return if self.run_to(&[self.address(), behind]) { Step::Done } else { Step::End };
        }
        ptrace::step(self.pid(), None).unwrap();
        let mut done = Step::Done;
        for looks in 0_u64.. {
            match waitpid(self.pid(), Some(WaitPidFlag::WNOHANG)).unwrap() {
                WaitStatus::Stopped(_, Signal::SIGTRAP) => {
                    return match instruction::return_from_vdso(self.pid) {
                        Some(caller) if !self.run_to(&[self.address(), caller]) => Step::End,
                        _ => done,
                    };
                }
                WaitStatus::PtraceEvent(..) => {
                    ptrace::detach(instruction::copy(self.pid), None).unwrap();
                    ptrace::step(self.pid, None).unwrap();
                    done = Step::Copied;
                }
                WaitStatus::Stopped(_, Signal::SIGSTOP) => return Step::End,
                // Asking /proc takes longer than a step, so not every time.
                WaitStatus::StillAlive if looks % 64 == 63 && self.is_asleep() => {
                    return Step::Asleep;
                }
                WaitStatus::StillAlive if looks % 64 == 63 && self.is_at_end() => {
                    return Step::End;
                }
                WaitStatus::StillAlive => std::thread::yield_now(),
                other => panic!("the victim: {other:?}"),
            }
        }
        unreachable!()
    }

    /// Goes on by `n` instructions. `false` if it fell asleep before, or came to the end.
    pub fn steps_awake(&self, n: usize) -> bool {
        (0..n).all(|done| {
            WAY.with_borrow_mut(|way| {
                if way.addresses.len() == done {
                    way.addresses.push(self.address());
                }
            });
            self.step() == Step::Done
        })
    }

    /// Goes on until it is asleep. `false` if the end came first.
    pub fn step_to_sleep(&self) -> bool {
        loop {
            match self.step() {
                Step::Done | Step::Copied => {}
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
        self.sleeps_in(libc::SYS_futex)
    }

    fn is_at_end(&self) -> bool {
        self.ends_in.is_some_and(|call| self.sleeps_in(call))
    }

    fn sleeps_in(&self, call: i64) -> bool {
        let pid = self.pid.as_raw() as u32;
        is_in(pid, call) && stat(pid).starts_with('S')
    }

    /// Goes the same way as another before it, from its first address to its last, by breakpoints.
    /// `false` if it has gone another one.
    fn run_to(&self, way: &[u64]) -> bool {
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
            let is_asleep = || self.is_asleep() || self.is_at_end();
            if !instruction::run_to_breakpoint(self.pid, last, is_asleep) {
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
