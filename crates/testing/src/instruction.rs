//! What a victim does next, where the way to find out depends on the processor.

use std::fs;
use std::ops::Range;
use std::ptr;
use std::sync::LazyLock;
use std::thread;

use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

#[cfg(target_arch = "aarch64")]
use aarch64 as processor;
pub(crate) use processor::{address, end_of_block, return_from_vdso};
#[cfg(target_arch = "x86_64")]
use x86_64 as processor;

/// The copy of itself that a victim has just made: it is stopped before its first instruction.
pub(crate) fn copy(pid: Pid) -> Pid {
    let copy = Pid::from_raw(ptrace::getevent(pid).unwrap() as i32);
    let stopped = waitpid(copy, None).unwrap();
    assert!(matches!(stopped, WaitStatus::PtraceEvent(..)), "{stopped:?}");
    copy
}

fn word_at(pid: Pid, address: u64) -> i64 {
    ptrace::read(pid, ptr::with_exposed_provenance_mut(address as usize)).unwrap()
}

/// Where the kernel's code for reading the clock is. It starts over when a tick comes in between, so
/// that its way is another each time.
static VDSO: LazyLock<Range<u64>> = LazyLock::new(|| {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let vdso = maps.lines().find(|line| line.ends_with("[vdso]")).unwrap();
    let (start, end) = vdso.split(' ').next().unwrap().split_once('-').unwrap();
    let [start, end] = [start, end].map(|n| u64::from_str_radix(n, 16).unwrap());
    start..end
});

/// Lets it run to a breakpoint at this address, which is not that of the next instruction.
/// `false` if it stopped itself, fell asleep or copied itself before.
pub(crate) fn run_to_breakpoint(pid: Pid, address: u64, is_asleep: impl Fn() -> bool) -> bool {
    let place = ptr::with_exposed_provenance_mut(address as usize);
    let code = ptrace::read(pid, place).unwrap();
    ptrace::write(pid, place, processor::with_breakpoint(code)).unwrap();
    let disarm = |pid| ptrace::write(pid, place, code).unwrap();
    ptrace::cont(pid, None).unwrap();
    for polls in 0_u64.. {
        match waitpid(pid, Some(WaitPidFlag::WNOHANG)).unwrap() {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => break,
            WaitStatus::Stopped(_, Signal::SIGSTOP) => return false,
            WaitStatus::PtraceEvent(..) => {
                let copy = copy(pid);
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
    processor::go_back_to_breakpoint(pid);
    true
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use nix::sys::ptrace;
    use nix::unistd::Pid;

    use super::{VDSO, word_at};

    /// Where the next instruction is.
    pub(crate) fn address(pid: Pid) -> u64 {
        ptrace::getregs(pid).unwrap().rip
    }

    /// `int3`
    pub(super) fn with_breakpoint(code: i64) -> i64 {
        code & !0xFF | 0xCC
    }

    /// It has stopped behind it.
    pub(super) fn go_back_to_breakpoint(pid: Pid) {
        let mut registers = ptrace::getregs(pid).unwrap();
        registers.rip -= 1;
        ptrace::setregs(pid, registers).unwrap();
    }

    /// An instruction that copies or fills a block of memory stops after each byte if it is stepped
    /// through. If the next one is such: where it ends.
    pub(crate) fn end_of_block(pid: Pid) -> Option<u64> {
        let address = address(pid);
        match word_at(pid, address).to_le_bytes() {
            [0xF3, 0xA4 | 0xA5 | 0xAA | 0xAB, ..] => Some(address + 2),
            [0xF3, 0x40..=0x4F, 0xA4 | 0xA5 | 0xAA | 0xAB, ..] => Some(address + 3),
            _ => None,
        }
    }

    /// At the first instruction of the kernel's code for the clock: where it returns to.
    pub(crate) fn return_from_vdso(pid: Pid) -> Option<u64> {
        let registers = ptrace::getregs(pid).unwrap();
        VDSO.contains(&registers.rip).then(|| word_at(pid, registers.rsp) as u64)
    }
}

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use nix::sys::ptrace;
    use nix::unistd::Pid;

    use super::{VDSO, word_at};

    /// Where the next instruction is.
    pub(crate) fn address(pid: Pid) -> u64 {
        ptrace::getregs(pid).unwrap().pc
    }

    /// `brk #0`
    pub(super) fn with_breakpoint(code: i64) -> i64 {
        code & !0xFFFF_FFFF | 0xD420_0000
    }

    /// It has stopped there.
    pub(super) fn go_back_to_breakpoint(_: Pid) {}

    /// A processor without atomic instructions (before ARMv8.1) reads a word exclusively, and writes
    /// it if it has not lost that meanwhile, as it does at each step: then it begins anew for ever. If
    /// the next instruction is the first of such a loop: where it ends.
    pub(crate) fn end_of_block(pid: Pid) -> Option<u64> {
        const KIND: u32 = 0x3FE0_0000;
        const LOAD_EXCLUSIVE: u32 = 0x0840_0000;
        const STORE_EXCLUSIVE: u32 = 0x0800_0000;
        let address = address(pid);
        let kind = |n: u64| word_at(pid, address + 4 * n) as u32 & KIND;
        if kind(0) != LOAD_EXCLUSIVE {
            return None;
        }
        // Behind the store there is the jump back.
        (1..16).find(|&n| kind(n) == STORE_EXCLUSIVE).map(|n| address + 4 * (n + 2))
    }

    /// At the first instruction of the kernel's code for the clock: where it returns to.
    pub(crate) fn return_from_vdso(pid: Pid) -> Option<u64> {
        let registers = ptrace::getregs(pid).unwrap();
        VDSO.contains(&registers.pc).then_some(registers.regs[30])
    }
}
