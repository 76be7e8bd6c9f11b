//! [`Mapping`]: memory that forked processes share.

use std::ffi::c_void;
use std::mem;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

use ipc_error::{Error, Result};
use ipc_trace::internal::begin_session;
use nix::sys::mman::{
    MRemapFlags, MapFlags, MmapAdvise, ProtFlags, madvise, mmap_anonymous, mprotect, mremap, munmap,
};

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

/// No Linux has larger pages than this, and smaller ones divide it.
const PAGE: usize = 64 << 10;

impl Mapping {
    /// A new one.
    pub(crate) fn new(len: NonZeroUsize) -> Result<Self> {
        Self::with_access(len, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE)
    }

    fn with_access(len: NonZeroUsize, access: ProtFlags) -> Result<Self> {
        begin_session(); // before the first use of anything that processes share
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let start = unsafe { mmap_anonymous(None, len, access, flags) };
        let start = start.map_err(|e| {
            let advice = "free memory, or raise the limits on it (ulimit -v, vm.max_map_count)";
            Error::system(format!("map {len} bytes of shared memory"), advice, e)
        })?;
        Ok(Mapping { start, len, stays: false })
    }

    /// The first `part` bytes of what would be a mapping of `len`; see [`longer_view`].
    ///
    /// Its content is no part of a core dump.
    ///
    /// [`longer_view`]: Mapping::longer_view
    pub(crate) fn first_part(len: NonZeroUsize, part: usize) -> Result<Self> {
        // Without access, so that `mlockall` does not fill it with memory before it is cut.
        let mut whole = Self::with_access(len, ProtFlags::PROT_NONE)?;
        let part = NonZeroUsize::new(part).filter(|part| *part < len).unwrap_or(len);
        let failed = |e| Error::system("map a queue's memory", "free some memory", e);
        if part < len {
            // SAFETY: within the new mapping, which is not used yet.
            let cut = unsafe { munmap(whole.start.byte_add(part.get()), len.get() - part.get()) };
            cut.map_err(failed)?;
            whole.len = part;
        }
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the whole of the new mapping.
        unsafe { mprotect(whole.start, part.get(), access) }.map_err(failed)?;
        // A dump would fill all of it with memory. SAFETY: as above.
        let _ = unsafe { madvise(whole.start, part.get(), MmapAdvise::MADV_DONTDUMP) };
        Ok(whole)
    }

    /// The same bytes once more, at another address, and those that follow them: `len` in all, which
    /// must not be more than there were at the beginning.
    pub(crate) fn longer_view(&self, len: usize) -> nix::Result<Self> {
        let len = NonZeroUsize::new(len).ok_or(nix::Error::EINVAL)?;
        // SAFETY: with an old length of 0, the old mapping stays as it is, and the new one gets an
        // address of the kernel's choice.
        let start = unsafe { mremap(self.start, 0, len.get(), MRemapFlags::MREMAP_MAYMOVE, None) }?;
        Ok(Mapping { start, len, stays: false })
    }

    /// From now on dropping it does not unmap it: something in it is still used.
    pub(crate) fn stay_mapped(&mut self) {
        self.stays = true;
    }

    /// Forgets it without unmapping it.
    pub(crate) fn leak(self) {
        mem::forget(self);
    }

    /// One that was leaked.
    ///
    /// # Safety
    ///
    /// A mapping of that place and length was leaked, and this is done once.
    pub(crate) unsafe fn from_raw(start: NonNull<u8>, len: usize) -> Self {
        let len = NonZeroUsize::new(len).unwrap_or(NonZeroUsize::MIN);
        Mapping { start: start.cast(), len, stays: false }
    }

    /// Its first byte.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start.cast()
    }

    /// Takes pages of a shared mapping out of this process's page table. Their content stays.
    pub(super) fn unmap_pages(start: NonNull<u8>, len: usize) {
        // SAFETY: the bytes of a shared mapping are not changed, and are mapped again when they are
        // used. If it fails, as it does for memory that is locked (mlockall), they stay.
        let _ = unsafe { madvise(start.cast(), len, MmapAdvise::MADV_DONTNEED) };
    }

    /// Gives the memory of whole pages back, from byte `from` to byte `to` of the mapping that begins
    /// at `start`; those bytes may be zero again.
    ///
    /// # Safety
    ///
    /// The mapping must be that long and its length a multiple of 64 KiB. No process may be using
    /// those bytes, or rely on their content.
    pub(crate) unsafe fn give_back(start: NonNull<u8>, from: usize, to: usize) {
        let from = from.next_multiple_of(PAGE);
        let len = to.next_multiple_of(PAGE).saturating_sub(from);
        if len > 0 {
            // SAFETY: within the mapping; the caller vouches for the content. If it fails, as it does
            // for memory that is locked (mlockall), the memory is kept, which does no harm.
            let _ = unsafe { madvise(start.byte_add(from).cast(), len, MmapAdvise::MADV_REMOVE) };
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        // SAFETY: this owns the mapping, and it is not used any more.
        let unmapped = unsafe { munmap(self.start, self.len.get()) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}
