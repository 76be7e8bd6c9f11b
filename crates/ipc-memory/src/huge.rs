//! Huge pages for what is large: one page fault in place of 512.

use std::ptr::NonNull;

use nix::sys::mman::{MmapAdvise, madvise};

/// What is smaller gains little.
const LARGE: usize = 4 << 20;

/// 2 MiB on x86 and mostly on ARM.
const HUGE: usize = 2 << 20;

/// Where whole huge pages are in these bytes, memory for them is to be taken in such, if there are any.
/// If the bytes are few, it does nothing.
///
/// # Safety
///
/// They must be mapped.
unsafe fn prefer_huge_pages(start: NonNull<u8>, len: usize) {
    if len < LARGE {
        return;
    }
    let before = start.addr().get().next_multiple_of(HUGE) - start.addr().get();
    let whole = (len - before) / HUGE * HUGE;
    // SAFETY: within the bytes, whose content stays. If the system has none, it is as before.
    let _ = unsafe { madvise(start.add(before).cast(), whole, MmapAdvise::MADV_HUGEPAGE) };
}

/// A copy of bytes that may be many.
pub fn copy(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(bytes.len());
    // SAFETY: these are the bytes that were just allocated.
    unsafe { prefer_huge_pages(NonNull::from(copy.as_mut_slice()).cast(), copy.capacity()) };
    copy.extend_from_slice(bytes);
    copy
}
