//! System calls: shared memory, the clock, ids, what runs at a fork and at the end.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::process;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::gettid;

use crate::recorder::Log;

/// A log that this process and all processes forked from it share. It is never unmapped.
pub(crate) fn map_log() -> nix::Result<&'static Log> {
    let size = const { NonZeroUsize::new(size_of::<Log>()).expect("it has places") };
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
    // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
    let start = unsafe { mmap_anonymous(None, size, access, flags) }?;
    // SAFETY: it is as long as a Log, aligned to a page, never unmapped, and zeroed by the kernel:
    // a Log is made of atomic numbers only, which may be zero and may be changed by other processes.
    Ok(unsafe { start.cast().as_ref() })
}

/// Nanoseconds of the monotonic clock, which is the same in all processes.
pub(crate) fn now() -> u64 {
    // It does not fail for this clock.
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
    now.map_or(0, |now| now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64)
}

thread_local! {
    /// Process and thread of the calling thread, once they have been asked for.
    static IDS: Cell<Option<(u32, u32)>> = const { Cell::new(None) };
}

/// The calling thread's process and its own id.
pub(crate) fn ids() -> (u32, u32) {
    IDS.get().unwrap_or_else(|| {
        let ids = (process::id(), gettid().as_raw().cast_unsigned());
        IDS.set(Some(ids));
        ids
    })
}

/// In a process that has just been copied: it has other ids. (Its only thread is the one that was
/// copied, so there are no others' to forget.)
pub(crate) extern "C" fn forget_ids() {
    IDS.set(None);
}

/// Sees to it that `ids` are right after a fork, and that `at_end` is called when a process that has
/// this memory ends by returning from `main` or by `exit`. What was registered last is called first.
pub(crate) fn register(at_end: extern "C" fn()) -> bool {
    // SAFETY: the handler sets a thread-local without a destructor.
    let at_fork = unsafe { libc::pthread_atfork(None, None, Some(forget_ids_at_fork)) };
    // SAFETY: a function of this program, which does not unwind, may be called at its end.
    at_fork == 0 && unsafe { libc::atexit(at_end) } == 0
}

unsafe extern "C" fn forget_ids_at_fork() {
    forget_ids();
}
