//! [`HeldList`]: a thread's list of the robust mutexes that it holds, which the kernel follows when
//! the thread dies (`get_robust_list(2)`).
//!
//! A thread has one such list, which belongs to glibc; this crate joins it, so an [`Entry`] is laid
//! out as in glibc's own mutexes. While a mutex is being taken or released, the list names it as
//! `pending`: at every instruction the kernel finds it by one of the two.

use std::ptr;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicIsize, AtomicUsize, compiler_fence};

use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use nix::errno::Errno;

/// A mutex's place in its owner's list. The list points to `next`. The addresses are those of the
/// owner's memory, and only the owner follows them.
#[derive(Debug, Zeroable)]
#[repr(C)]
pub(super) struct Entry {
    prev: AtomicUsize,
    next: AtomicUsize,
}

/// `struct robust_list_head` of the kernel; one for each thread, in memory of glibc's.
#[repr(C)]
pub(super) struct HeldList {
    first: AtomicUsize,
    offset: AtomicIsize,
    pending: AtomicUsize,
}

/// glibc and the kernel mark entries of one kind of mutex with the lowest bit.
const MARK: usize = 1;

impl HeldList {
    /// The calling thread's list, in which the word of a mutex stands `offset` bytes from its
    /// `next`.
    pub(super) fn of_this_thread(offset: isize) -> Result<*const HeldList> {
        let mut list: *const HeldList = ptr::null();
        let mut size = 0_usize;
        // SAFETY: the kernel writes a pointer and a size to where they belong.
        let result =
            unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut list, &raw mut size) };
        Errno::result(result).map_err(|e| Error::system("find the list of held locks", "", e))?;
        // SAFETY: the list is glibc's, registered with the kernel by the thread's start.
        if list.is_null() || unsafe { (*list).offset.load(Relaxed) } != offset {
            return Err(Error::Unsupported(
                "its C library keeps no list of held locks as glibc does",
            ));
        }
        Ok(list)
    }

    /// In the child of a fork, which may have come in the middle of a lock operation of its parent:
    /// nothing is pending here.
    pub(super) fn forget_pending(&self) {
        self.pending.store(0, Relaxed);
    }

    /// Names `entry` as the one being taken or released, until the result is dropped. There can be
    /// only one: `None` in a signal handler that has interrupted such an operation.
    #[inline]
    pub(super) fn pending<'a>(&'a self, entry: &Entry) -> Option<Pending<'a>> {
        if self.pending.load(Relaxed) != 0 {
            return None;
        }
        self.pending.store(entry.address(), Relaxed);
        compiler_fence(SeqCst);
        Some(Pending { list: self })
    }

    /// Adds `entry`, which is pending.
    ///
    /// # Safety
    ///
    /// The entry must stay where it is until it is unlinked.
    #[inline]
    pub(super) unsafe fn link(&self, entry: &Entry) {
        let head = (&raw const self.first).expose_provenance();
        let first = self.first.load(Relaxed);
        entry.next.store(first, Relaxed);
        entry.prev.store(head, Relaxed);
        // SAFETY: `first` is the head itself or an entry of this list.
        unsafe { prev_of(first).store(entry.address(), Relaxed) };
        compiler_fence(SeqCst); // the entry is complete before the kernel can come to it
        self.first.store(entry.address(), Relaxed);
    }
}

impl Entry {
    #[inline]
    fn address(&self) -> usize {
        (&raw const self.next).expose_provenance()
    }

    /// Whether two entries of the calling thread's list are one: no two others have the same next.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.next.load(Relaxed) == other.next.load(Relaxed)
    }

    /// Takes the entry, which is pending, out of its list.
    ///
    /// # Safety
    ///
    /// It must be in the calling thread's list.
    #[inline]
    pub(super) unsafe fn unlink(&self) {
        let (prev, next) = (self.prev.load(Relaxed), self.next.load(Relaxed));
        // SAFETY: entries of this list link only to its head and to each other, and stay mapped
        // until they are unlinked.
        unsafe {
            prev_of(next).store(prev, Relaxed);
            next_of(prev).store(next, Relaxed);
        }
        compiler_fence(SeqCst); // out of the list before the mutex is free
    }
}

/// While it lives, the kernel knows that a mutex may be this thread's though it is not in the list.
pub(super) struct Pending<'a> {
    list: &'a HeldList,
}

impl Drop for Pending<'_> {
    #[inline]
    fn drop(&mut self) {
        compiler_fence(SeqCst);
        self.list.pending.store(0, Relaxed);
    }
}

/// # Safety
///
/// `entry` must be in this thread's list or its head (which glibc lays out with a `prev` too).
#[inline]
unsafe fn prev_of<'a>(entry: usize) -> &'a AtomicUsize {
    let next = ptr::with_exposed_provenance::<AtomicUsize>(entry & !MARK);
    // SAFETY: `prev` stands one word before `next` in every entry.
    unsafe { &*next.sub(1) }
}

/// # Safety
///
/// As for [`prev_of`].
#[inline]
unsafe fn next_of<'a>(entry: usize) -> &'a AtomicUsize {
    // SAFETY: an entry's address is that of its `next`.
    unsafe { &*ptr::with_exposed_provenance::<AtomicUsize>(entry & !MARK) }
}
