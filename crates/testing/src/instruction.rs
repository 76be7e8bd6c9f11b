//! What a victim does next, where the way to find out depends on the processor.

use nix::sys::ptrace;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use elsewhere::*;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::*;

/// The copy of itself that a victim has just made: it is stopped before its first instruction.
pub(crate) fn copy(pid: Pid) -> Pid {
    let copy = Pid::from_raw(ptrace::getevent(pid).unwrap() as i32);
    let stopped = waitpid(copy, None).unwrap();
    assert!(matches!(stopped, WaitStatus::PtraceEvent(..)), "{stopped:?}");
    copy
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::fs;
    use std::ops::Range;
    use std::ptr;
    use std::sync::LazyLock;
    use std::thread;

    use nix::sys::ptrace;
    use nix::sys::signal::Signal;
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::Pid;

    /// Whether a victim can be led by breakpoints.
    pub(crate) const HAS_BREAKPOINTS: bool = true;

    fn word_at(pid: Pid, address: u64) -> i64 {
        ptrace::read(pid, ptr::with_exposed_provenance_mut(address as usize)).unwrap()
    }

    /// Where the next instruction is.
    pub(crate) fn address(pid: Pid) -> u64 {
        ptrace::getregs(pid).unwrap().rip
    }

    /// Lets it run to a breakpoint at this address, which is not that of the next instruction.
    /// `false` if it stopped itself, fell asleep or copied itself before.
    pub(crate) fn run_to_breakpoint(pid: Pid, address: u64, is_asleep: impl Fn() -> bool) -> bool {
        const INT3: i64 = 0xCC;
        let place = ptr::with_exposed_provenance_mut(address as usize);
        let code = ptrace::read(pid, place).unwrap();
        ptrace::write(pid, place, code & !0xFF | INT3).unwrap();
        let disarm = |pid| ptrace::write(pid, place, code).unwrap();
        ptrace::cont(pid, None).unwrap();
        for polls in 0_u64.. {
            match waitpid(pid, Some(WaitPidFlag::WNOHANG)).unwrap() {
                WaitStatus::Stopped(_, Signal::SIGTRAP) => break,
                WaitStatus::Stopped(_, Signal::SIGSTOP) => return false,
                WaitStatus::PtraceEvent(..) => {
                    let copy = super::copy(pid);
                    [pid, copy].into_iter().for_each(disarm);
                    ptrace::detach(copy, None).unwrap();
                    return false;
                }
                // Asking /proc takes longer than to come there, so not every time.
                WaitStatus::StillAlive if polls % 64 == 63 && is_asleep() => return false,
                WaitStatus::StillAlive => thread::yield_now(),
                other => panic!("the victim: {other:?}"),
            }
        }
        disarm(pid);
        let mut registers = ptrace::getregs(pid).unwrap();
        registers.rip -= 1;
        ptrace::setregs(pid, registers).unwrap();
        true
    }

    /// An instruction that copies or fills a block of memory stops after each byte if it is stepped
    /// through. If the next one is such: where it ends.
    pub(crate) fn end_of_copy(pid: Pid) -> Option<u64> {
        let address = address(pid);
        match word_at(pid, address).to_le_bytes() {
            [0xF3, 0xA4 | 0xA5 | 0xAA | 0xAB, ..] => Some(address + 2),
            [0xF3, 0x40..=0x4F, 0xA4 | 0xA5 | 0xAA | 0xAB, ..] => Some(address + 3),
            _ => None,
        }
    }

    /// The kernel's code for reading the clock starts over when a tick comes in between, so that its
    /// way is another each time. At its first instruction: where it returns to.
    pub(crate) fn return_from_vdso(pid: Pid) -> Option<u64> {
        static VDSO: LazyLock<Range<u64>> = LazyLock::new(|| {
            let maps = fs::read_to_string("/proc/self/maps").unwrap();
            let vdso = maps.lines().find(|line| line.ends_with("[vdso]")).unwrap();
            let (start, end) = vdso.split(' ').next().unwrap().split_once('-').unwrap();
            let [start, end] = [start, end].map(|n| u64::from_str_radix(n, 16).unwrap());
            start..end
        });
        let registers = ptrace::getregs(pid).unwrap();
        VDSO.contains(&registers.rip).then(|| word_at(pid, registers.rsp) as u64)
    }
}

/// Every way is gone step by step.
#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    use nix::unistd::Pid;

    pub(crate) const HAS_BREAKPOINTS: bool = false;

    pub(crate) fn address(_: Pid) -> u64 {
        0
    }

    pub(crate) fn run_to_breakpoint(_: Pid, _: u64, _: impl Fn() -> bool) -> bool {
        unreachable!("there are no breakpoints")
    }

    pub(crate) fn end_of_copy(_: Pid) -> Option<u64> {
        None
    }

    pub(crate) fn return_from_vdso(_: Pid) -> Option<u64> {
        None
    }
}
