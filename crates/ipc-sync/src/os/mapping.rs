//! [`Mapping`]: memory that forked processes share.

use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, munmap};
use nix::unistd::{SysconfVar, sysconf};

use ipc_error::{Error, Result};

/// Zeroed bytes that this process and all processes forked from it see.
///
/// It has no name: when the last process that has it is gone, however it went, so is the memory.
/// Only address space is reserved; a page takes memory from when it is first written. Dropping a
/// `Mapping` unmaps it in this process alone.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<c_void>,
    len: NonZeroUsize,
    /// Whether it outlives this value.
    stays: bool,
}

// SAFETY: a Mapping only knows where its bytes are. Using them is unsafe and up to the caller.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// A new one.
    pub(crate) fn new(len: NonZeroUsize) -> Result<Self> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let start = unsafe { mmap_anonymous(None, len, access, flags) };
        let start = start.map_err(|e| {
            let advice = "free memory, or raise the limits on it (ulimit -v, vm.max_map_count)";
            Error::system(format!("map {len} bytes of shared memory"), advice, e)
        })?;
        Ok(Mapping { start, len, stays: false })
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

    /// From now on dropping it does not unmap it: something in it is still used.
    pub(crate) fn stay_mapped(&mut self) {
        self.stays = true;
    }

    /// Its first byte.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start.cast()
    }

    /// Its length in bytes.
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
            // for memory that is locked (mlockall), the memory is kept, which does no harm.
            let _ = unsafe { madvise(self.start.byte_add(from), len, MmapAdvise::MADV_REMOVE) };
        }
    }
}

/// No Linux has larger pages than this, and smaller ones divide it.
const PAGE: usize = 64 << 10;

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        // SAFETY: this owns the mapping, and it is not used any more.
        let unmapped = unsafe { munmap(self.start, self.len()) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}
