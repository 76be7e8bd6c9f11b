//! [`SharedMemory`]: bare memory that processes share, for the limits and for checking.

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use bytemuck::Zeroable;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use crate::outcome::Outcome;

/// Zeroed bytes that this process and all forked from it see.
pub(crate) struct SharedMemory {
    start: NonNull<u8>,
    len: NonZeroUsize,
}

impl SharedMemory {
    pub(crate) fn new(len: usize) -> Outcome<Self> {
        let len = NonZeroUsize::new(len).ok_or("no memory was asked for")?;
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let start = unsafe { mmap_anonymous(None, len, access, MapFlags::MAP_SHARED) }?;
        Ok(SharedMemory { start: start.cast(), len })
    }

    /// The first byte, aligned to a page.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Copies as many bytes into it as there is room for.
    pub(crate) fn store(&self, bytes: &[u8]) {
        let len = bytes.len().min(self.len.get());
        // SAFETY: the mapping is so long, and is no part of what can be borrowed as a slice.
        unsafe { self.start.copy_from_nonoverlapping(NonNull::from(bytes).cast(), len) }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and `drop` has the last reference to it.
        let unmapped = unsafe { munmap(self.start.cast(), self.len.get()) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}

/// A value that this process and all forked from it see; zeroes at first.
pub(crate) struct Shared<T>(SharedMemory, PhantomData<T>);

impl<T: Zeroable> Shared<T> {
    pub(crate) fn new() -> Outcome<Self> {
        const { assert!(align_of::<T>() <= 4096, "a mapping is aligned to a page") };
        Ok(Shared(SharedMemory::new(size_of::<T>())?, PhantomData))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the mapping is as long, aligned to a page, began as zeroes, which are a `T`, and is
        // only used through references such as this one.
        unsafe { self.0.start().cast().as_ref() }
    }
}

// SAFETY: it hands out nothing but `&T`, and the mapping is no thread's own.
unsafe impl<T: Sync> Sync for Shared<T> {}

/// A number that shows whether a lock keeps others out: it is read and written in two steps.
pub(crate) struct Unguarded(Shared<AtomicU64>);

impl Unguarded {
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Unguarded(Shared::new()?))
    }

    pub(crate) fn add_one(&self) {
        self.0.store(self.get() + 1, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
