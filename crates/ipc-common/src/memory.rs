//! Memory that forked processes share, and sleeping until a word of it changes.

use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::{self, NonNull};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use crate::deadline::Deadline;
use crate::{Error, Result};

/// What may live in [`Shared`] memory.
///
/// # Safety
///
/// All-zero bytes must be a valid value, and through `&T` the value may be changed by atomic
/// operations alone (or under a lock): another process may do the same at any time.
pub(crate) unsafe trait Shareable: Sync {}

/// A `T` in a mapping that this process and all processes forked from it see.
///
/// The mapping has no name: when the last process that has it is gone, however it went, so is the
/// memory. Dropping a `Shared` unmaps it in this process alone.
pub(crate) struct Shared<T: Shareable>(NonNull<T>);

// SAFETY: a Shared is a `&T` that also unmaps; `Shareable` asks that T be Sync.
unsafe impl<T: Shareable> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Shareable> Sync for Shared<T> {}

impl<T: Shareable> Shared<T> {
    const SIZE: NonZeroUsize = NonZeroUsize::new(size_of::<T>()).expect("T has a size");

    pub(crate) fn zeroed() -> Result<Self> {
        const { assert!(align_of::<T>() <= 4096, "mappings are aligned to pages") }
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let mapping = unsafe {
            mmap_anonymous(
                None,
                Self::SIZE,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
            )
        };
        let mapping = mapping.map_err(|e| {
            Error::system(
                format!("map {} bytes of shared memory", Self::SIZE),
                "free memory, or raise the limits on it (ulimit -v, vm.max_map_count)",
                e,
            )
        })?;
        Ok(Shared(mapping.cast()))
    }
}

impl<T: Shareable> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the mapping is large enough, aligned to a page, zeroed by the kernel, which
        // `Shareable` makes a valid T, and unmapped by nobody but drop.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Shareable> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: we own the mapping and every `&T` that came from it has ended.
        let unmapped = unsafe { munmap(self.0.cast(), Self::SIZE.get()) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}

/// Sleeps while the word at `address` is `expected`: until a wake, the deadline or a signal.
///
/// Returns `false` if the deadline passed. `true` means only "look again".
///
/// # Safety
///
/// `address` must be that of four bytes of [`Shared`] memory.
pub(crate) unsafe fn futex_wait(address: *const u32, expected: u32, deadline: Deadline) -> bool {
    let deadline = deadline.absolute();
    let timeout = deadline.as_ref().map_or(ptr::null(), |d| ptr::from_ref(d.as_ref()));
    // SAFETY: the kernel reads the word, which the caller vouches for, and the timespec, which
    // outlives the call. FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            address,
            libc::FUTEX_WAIT_BITSET,
            expected,
            timeout,
            ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    };
    match Errno::result(result) {
        Ok(_) | Err(Errno::EAGAIN | Errno::EINTR) => true,
        Err(Errno::ETIMEDOUT) => false,
        Err(e) => unreachable!("futex wait on a valid word: {e}"),
    }
}

/// Sets the word at `address` to `1 << bit` and wakes one sleeper, as one step: whoever sees the
/// new value may rely on the wake having happened, even if this process is killed at once.
///
/// Returns whether there was a sleeper to wake.
///
/// # Safety
///
/// `address` must be that of four bytes of [`Shared`] memory that nobody reads as anything but an
/// atomic.
pub(crate) unsafe fn futex_set_bit_and_wake_one(address: *const u32, bit: i32) -> bool {
    // The operation may also compare the old value and wake more; "equal to 0" is never so here.
    let operation = libc::FUTEX_OP(
        libc::FUTEX_OP_SET | libc::FUTEX_OP_OPARG_SHIFT,
        bit,
        libc::FUTEX_OP_CMP_EQ,
        0,
    );
    // SAFETY: the kernel changes the word, which the caller vouches for, atomically.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            address,
            libc::FUTEX_WAKE_OP,
            1,                                 // wakes at most one sleeper on `address`
            ptr::without_provenance::<u32>(0), // and none on the second address
            address,
            operation,
        )
    };
    Errno::result(result).expect("futex wake on a valid word") > 0
}
