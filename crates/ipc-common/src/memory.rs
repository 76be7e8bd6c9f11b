//! Memory that forked processes share, and sleeping until a word of it changes.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering, fence};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, munmap};
use nix::unistd::{SysconfVar, sysconf};

use crate::deadline::Deadline;
use crate::{Error, Result};

/// Zeroed bytes that this process and all processes forked from it see.
///
/// It has no name: when the last process that has it is gone, however it went, so is the memory.
/// Only address space is reserved; a page takes memory from when it is first written. Dropping a
/// `Mapping` unmaps it in this process alone.
pub(crate) struct Mapping {
    start: NonNull<c_void>,
    len: NonZeroUsize,
}

// SAFETY: a Mapping only knows where its bytes are. Using them is unsafe and up to the user.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    pub(crate) fn new(len: NonZeroUsize) -> Result<Self> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let start = unsafe { mmap_anonymous(None, len, access, flags) };
        let start = start.map_err(|e| {
            let advice = "free memory, or raise the limits on it (ulimit -v, vm.max_map_count)";
            Error::system(format!("map {len} bytes of shared memory"), advice, e)
        })?;
        Ok(Mapping { start, len })
    }

    /// Address space for as much as the machine has memory, or as much of that as can be had.
    pub(crate) fn reserve() -> Result<Self> {
        let ask = |variable| sysconf(variable).ok().flatten().and_then(|n| usize::try_from(n).ok());
        let memory = ask(SysconfVar::_PHYS_PAGES).zip(ask(SysconfVar::PAGE_SIZE));
        let mut len = memory.map_or(1 << 30, |(pages, size)| pages * size);
        loop {
            match Mapping::new(NonZeroUsize::new(len).unwrap_or(NonZeroUsize::MIN)) {
                Err(_) if len > 1 << 20 => len /= 2,
                result => return result,
            }
        }
    }

    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start.cast()
    }

    pub(crate) fn len(&self) -> usize {
        self.len.get()
    }

    /// Gives the memory of whole pages from `from` to `to` back; their bytes may be zero again.
    ///
    /// # Safety
    ///
    /// No process may be using those bytes, or rely on their content.
    pub(crate) unsafe fn give_back(&self, from: usize, to: usize) {
        let from = from.next_multiple_of(PAGE);
        let len = to.next_multiple_of(PAGE).min(self.len()).saturating_sub(from);
        if len > 0 {
            // SAFETY: within the mapping; the caller vouches for the content. If it fails, as it does
            // for memory that is locked (mlockall), the memory is kept, which harms nobody.
            let _ = unsafe { madvise(self.start.byte_add(from), len, MmapAdvise::MADV_REMOVE) };
        }
    }
}

/// No Linux has larger pages than this, and smaller ones divide it.
const PAGE: usize = 64 << 10;

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: we own the mapping, and nobody uses it any more.
        let unmapped = unsafe { munmap(self.start, self.len()) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}

/// What may live in [`Shared`] memory.
///
/// # Safety
///
/// All-zero bytes must be a valid value, and through `&T` the value may be changed by atomic
/// operations alone (or under a lock): another process may do the same at any time.
pub(crate) unsafe trait Shareable: Sync {}

// SAFETY: zero is a value of it, and it is only changed by atomic operations.
unsafe impl Shareable for AtomicU32 {}

/// A `T` in a mapping of its own, zeroed.
pub(crate) struct Shared<T: Shareable>(Mapping, PhantomData<T>);

impl<T: Shareable> Shared<T> {
    pub(crate) fn zeroed() -> Result<Self> {
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= 4096) }
        let size = NonZeroUsize::new(size_of::<T>()).expect("it has a size");
        Ok(Shared(Mapping::new(size)?, PhantomData))
    }
}

impl<T: Shareable> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the mapping is large enough, aligned to a page, zeroed by the kernel, which
        // `Shareable` makes a valid T, and unmapped by nobody but drop.
        unsafe { self.0.start().cast().as_ref() }
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

/// How [`futex_change_and_wake`] changes the word.
pub(crate) enum Change {
    /// Sets it to `1 << n`.
    ToBit(i32),
    /// Sets bit n in it.
    WithBit(i32),
    /// Adds n to it, wrapping around.
    By(i32),
}

/// Changes the word at `address` and wakes up to `most` sleepers, as one step: whoever sees the
/// new value may rely on the wake, even if this process is killed at once. Orders like a release.
///
/// Returns whether there was a sleeper to wake.
///
/// # Safety
///
/// `address` must be that of four bytes of [`Shared`] memory that nobody reads as anything but an
/// atomic.
pub(crate) unsafe fn futex_change_and_wake(address: *const u32, change: Change, most: i32) -> bool {
    let (operation, operand) = match change {
        Change::ToBit(bit) => (libc::FUTEX_OP_SET | libc::FUTEX_OP_OPARG_SHIFT, bit),
        Change::WithBit(bit) => (libc::FUTEX_OP_OR | libc::FUTEX_OP_OPARG_SHIFT, bit),
        Change::By(number) => (libc::FUTEX_OP_ADD, number),
    };
    // The call can also wake sleepers on a second word if the old value compares as asked. The same
    // word stands there, too, so at worst one more sleeper looks again.
    let operation = libc::FUTEX_OP(operation, operand, libc::FUTEX_OP_CMP_EQ, 0);
    fence(Ordering::Release); // the kernel changes the word on our behalf
    // SAFETY: the kernel changes the word, which the caller vouches for, atomically.
    let result = unsafe {
        let second_most = ptr::without_provenance::<u32>(0);
        libc::syscall(
            libc::SYS_futex,
            address,
            libc::FUTEX_WAKE_OP,
            most,
            second_most,
            address,
            operation,
        )
    };
    Errno::result(result).expect("futex wake on a valid word") > 0
}
