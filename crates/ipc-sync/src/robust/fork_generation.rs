//! Telling a forked child from its parent.

use std::ffi::c_int;
use std::sync::Once;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use ipc_memory::forget_crowd;

static GENERATION: AtomicU32 = AtomicU32::new(1);

/// This process's place in the line of forks that led to it: higher than that of each process that it
/// comes from. (An id may be that of one of those that has ended.)
///
/// Never 0. Exact only for forks after [`watch_forks`].
#[inline]
pub fn fork_generation() -> u32 {
    GENERATION.load(Relaxed)
}

/// Sees to it that each fork from now on begins a new generation in the child.
pub fn watch_forks() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: the handler only changes atomics.
        let failed: c_int = unsafe { libc::pthread_atfork(None, None, Some(begin_generation)) };
        assert!(failed == 0, "no memory to register a fork handler");
    });
}

/// In a child that the kernel has made without `fork`, so that no fork handler has run.
pub fn copied() {
    begin_generation();
}

extern "C" fn begin_generation() {
    GENERATION.fetch_add(1, Relaxed);
    forget_crowd();
}
