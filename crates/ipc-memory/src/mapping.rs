//! [`Mapping`]: memory that forked processes share.

use std::ffi::c_void;
use std::io;
use std::mem;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::ptr::{self, NonNull};

use ipc_error::{Error, Result};
use ipc_trace::internal::{Act, begin_session, instant};
use nix::sys::mman::{
    MRemapFlags, MapFlags, MmapAdvise, ProtFlags, madvise, mmap, mmap_anonymous, mprotect, mremap,
    munmap,
};

use crate::memory_file::{map_error, new_file};
use crate::passing::{Part, epoch, is_passable, is_unpacking};

/// Zeroed bytes that this process and all processes forked from it see.
///
/// It has no name: when the last process that has it is gone, however it went, so is the memory.
/// Only address space is reserved; a page takes memory from when it is first written. Dropping a
/// `Mapping` unmaps it in this process alone.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    len: NonZeroUsize,
    /// What it maps, if that can be passed on; see `os::passing`.
    file: Option<OwnedFd>,
    /// For another mapping of the same memory without a file: where the first is in the processes
    /// that descend from the fork of this epoch.
    first: Option<(usize, u32)>,
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
    pub fn new(len: NonZeroUsize) -> Result<Self> {
        Self::with_access(len, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE)
    }

    fn with_access(len: NonZeroUsize, access: ProtFlags) -> Result<Self> {
        begin_session(); // before the first use of anything that processes share
        if is_passable() {
            return Self::of_file(new_file(len)?, len, access);
        }
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let start = unsafe { mmap_anonymous(None, len, access, flags) };
        let start = start.map_err(|e| map_error(len, e))?;
        Ok(Mapping { start, len, file: None, first: None, stays: false })
    }

    fn of_file(file: OwnedFd, len: NonZeroUsize, access: ProtFlags) -> Result<Self> {
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let start = unsafe { mmap(None, len, access, flags, &file, 0) };
        let start = start.map_err(|e| map_error(len, e))?;
        Ok(Mapping { start, len, file: Some(file), first: None, stays: false })
    }

    /// For [`unpack`](Self::unpack) in another process.
    pub fn pack(&self) -> Result<Part> {
        let len = self.len.get();
        let part = match &self.file {
            Some(file) => Part::Memory { file: file.try_clone().map_err(pass_error)?, len },
            None => {
                let here = self.start.addr().get();
                let first = self.first.filter(|(_, epoch_made)| *epoch_made == epoch());
                Part::Inherited { address: first.map_or(here, |first| first.0), here, len }
            }
        };
        instant(Act::Give, self.start.addr().get() as u64, part.identity());
        Ok(part)
    }

    /// What another process has [packed](Self::pack).
    pub fn unpack(part: Part) -> Result<Self> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let identity = part.identity();
        let mapping = match part {
            Part::Memory { file, len } => {
                let len = NonZeroUsize::new(len).unwrap_or(NonZeroUsize::MIN);
                let mapping = Self::of_file(file, len, access)?;
                mapping.keep_out_of_dumps();
                mapping
            }
            Part::Inherited { address, here, len } => {
                let start = ptr::with_exposed_provenance_mut::<c_void>(here);
                let start = NonNull::new(start).ok_or(nix::Error::EFAULT);
                // A second mapping, so that each has one owner. SAFETY: `Part` vouches that there is a
                // shared mapping of this length at this place, which with an old length of 0 stays.
                let second = start.and_then(|start| unsafe { second_mapping(start, len) });
                let mut second = second.map_err(|e| pass_error(e.into()))?;
                second.first = Some((address, epoch()));
                second
            }
            Part::File(_) | Part::Number(_) => {
                return Err(pass_error(io::ErrorKind::InvalidData.into()));
            }
        };
        instant(Act::Take, mapping.start.addr().get() as u64, identity);
        Ok(mapping)
    }

    /// A dump would fill all of it with memory.
    fn keep_out_of_dumps(&self) {
        // SAFETY: the whole of this mapping, whose content stays.
        let _ = unsafe { madvise(self.start, self.len.get(), MmapAdvise::MADV_DONTDUMP) };
    }

    /// The first `part` bytes of what would be a mapping of `len`; see [`longer_view`].
    ///
    /// Its content is no part of a core dump.
    ///
    /// [`longer_view`]: Mapping::longer_view
    pub fn first_part(len: NonZeroUsize, part: usize) -> Result<Self> {
        if is_passable() {
            let first = NonZeroUsize::new(part).filter(|part| *part < len).unwrap_or(len);
            let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
            let first = Self::of_file(new_file(len)?, first, access)?;
            first.keep_out_of_dumps();
            return Ok(first);
        }
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
        whole.keep_out_of_dumps();
        Ok(whole)
    }

    /// The same bytes once more, at another address, and those that follow them: `len` in all, which
    /// must not be more than there were at the beginning.
    pub fn longer_view(&self, len: usize) -> nix::Result<Self> {
        // SAFETY: this is a shared mapping.
        unsafe { second_mapping(self.start, len) }
    }

    /// From now on dropping it does not unmap it: something in it is still used.
    pub fn stay_mapped(&mut self) {
        self.stays = true;
    }

    /// Forgets it without unmapping it.
    pub fn leak(self) {
        mem::forget(self);
    }

    /// One that was leaked.
    ///
    /// # Safety
    ///
    /// A mapping of that place and length was leaked, and this is done once.
    pub unsafe fn from_raw(start: NonNull<u8>, len: usize) -> Self {
        let len = NonZeroUsize::new(len).unwrap_or(NonZeroUsize::MIN);
        Mapping { start: start.cast(), len, file: None, first: None, stays: false }
    }

    /// Its first byte.
    pub fn start(&self) -> NonNull<u8> {
        self.start.cast()
    }

    /// Takes pages of a shared mapping out of this process's page table. Their content stays.
    pub(crate) fn unmap_pages(start: NonNull<u8>, len: usize) {
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
    pub unsafe fn give_back(start: NonNull<u8>, from: usize, to: usize) {
        let from = from.next_multiple_of(PAGE);
        let len = to.next_multiple_of(PAGE).saturating_sub(from);
        if len > 0 {
            // SAFETY: within the mapping; the caller vouches for the content. If it fails, as it does
            // for memory that is locked (mlockall), the memory is kept, which does no harm.
            let _ = unsafe { madvise(start.byte_add(from).cast(), len, MmapAdvise::MADV_REMOVE) };
        }
    }
}

/// The bytes of a shared mapping once more, at an address of the kernel's choice. The first mapping
/// stays as it is, because its length is given as 0.
///
/// # Safety
///
/// At `start` there must be a shared mapping.
unsafe fn second_mapping(start: NonNull<c_void>, len: usize) -> nix::Result<Mapping> {
    let len = NonZeroUsize::new(len).ok_or(nix::Error::EINVAL)?;
    // SAFETY: the caller's promise.
    let start = unsafe { mremap(start, 0, len.get(), MRemapFlags::MREMAP_MAYMOVE, None) }?;
    Ok(Mapping { start, len, file: None, first: None, stays: false })
}

fn pass_error(e: io::Error) -> Error {
    Error::system("pass shared memory to another process", "close some files (ulimit -n)", e)
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.stays || is_unpacking() {
            return;
        }
        // SAFETY: this owns the mapping, and it is not used any more.
        let unmapped = unsafe { munmap(self.start, self.len.get()) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}
