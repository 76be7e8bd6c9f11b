//! [`GrowingMapping`]: shared bytes of which each process maps only as much as it uses.

use std::num::NonZeroUsize;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicPtr, AtomicUsize};

use ipc_error::{Error, Result};

use crate::mapping::Mapping;
use crate::passing::{Part, Received};

/// Zeroed bytes that this process and all processes forked from it see, without a name, as
/// a `Mapping`. They are many; memory goes to those that were written, address space to those up to
/// the last that this process has used.
///
/// It is one object of the kernel's, of which the first bytes stay mapped, so that it stays; `mremap`
/// makes longer views of it. Processes do so each for itself, as they come to bytes beyond. The
/// shorter views stay: other threads may use them.
#[derive(Debug)]
pub struct GrowingMapping {
    first: Mapping,
    /// View n is `FIRST << n` bytes long, and begins with the first byte; null if it is not mapped.
    views: [AtomicPtr<u8>; VIEWS],
    /// The number of the longest.
    longest: AtomicUsize,
    len: usize,
}

const FIRST: usize = 64 << 10;
const VIEWS: usize = 32;

impl GrowingMapping {
    /// One of `len` bytes. If so much cannot be had, it is halved.
    pub fn new(mut len: usize) -> Result<Self> {
        let first = loop {
            let asked = NonZeroUsize::new(len.next_multiple_of(FIRST)).unwrap_or(NonZeroUsize::MIN);
            match Mapping::first_part(asked, FIRST) {
                Err(_) if len > 1 << 20 => len /= 2,
                first => break first?,
            }
        };
        Ok(Self::of(first, len))
    }

    /// Its parts of what it belongs to.
    pub fn pack(&self) -> Result<[Part; 2]> {
        Ok([self.first.pack()?, Part::Number(self.len as u64)])
    }

    /// What another process has [packed](Self::pack).
    pub fn unpack(parts: &mut Received) -> Result<Self> {
        let first = Mapping::unpack(parts.part()?)?;
        Ok(Self::of(first, parts.number()? as usize))
    }

    fn of(first: Mapping, len: usize) -> Self {
        let views = [const { AtomicPtr::new(ptr::null_mut()) }; VIEWS];
        views[0].store(first.start().as_ptr(), Relaxed);
        GrowingMapping { first, views, longest: AtomicUsize::new(0), len }
    }

    /// How many bytes there are.
    pub fn size(&self) -> usize {
        self.len
    }

    /// The first byte, in a view that is at least `end` bytes long.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if it has to be mapped and there is no address space.
    ///
    /// # Panics
    ///
    /// If `end` is beyond the last byte.
    #[inline]
    pub fn view(&self, end: usize) -> Result<NonNull<u8>> {
        let longest = self.longest.load(Acquire);
        match NonNull::new(self.views[longest].load(Relaxed)) {
            Some(start) if end <= FIRST << longest => Ok(start),
            _ => self.map_view(end),
        }
    }

    #[cold]
    fn map_view(&self, end: usize) -> Result<NonNull<u8>> {
        assert!(end <= self.len, "a ring keeps to its data");
        let n = (end.next_power_of_two() / FIRST).max(1).ilog2() as usize;
        if let Some(start) = NonNull::new(self.views[n].load(Acquire)) {
            return Ok(start);
        }
        let len = (FIRST << n).min(self.len.next_multiple_of(FIRST));
        let view = self.first.longer_view(len).map_err(|e| {
            let advice = "take some items out, or raise the limit on address space (ulimit -v)";
            Error::system(format!("map {len} bytes of a queue's memory"), advice, e)
        })?;
        let start = view.start();
        let first_to_map =
            self.views[n].compare_exchange(ptr::null_mut(), start.as_ptr(), AcqRel, Acquire);
        let start = match first_to_map {
            Ok(_) => {
                view.leak(); // it is unmapped by drop, through `views`
                start
            }
            Err(others) => NonNull::new(others).expect("another thread has mapped it"),
        };
        let before = self.longest.fetch_max(n, AcqRel);
        if before < n {
            self.let_go_of_pages(before);
        }
        Ok(start)
    }

    /// Pages that are mapped in several views would count several times as this process's memory. A
    /// thread that still uses the shorter view has them mapped again.
    fn let_go_of_pages(&self, n: usize) {
        if let Some(start) = NonNull::new(self.views[n].load(Relaxed)) {
            Mapping::unmap_pages(start, FIRST << n);
        }
    }

    /// Gives the memory of whole pages from `from` to `to` back; their bytes may be zero again.
    ///
    /// # Safety
    ///
    /// No process may be using those bytes, or rely on their content.
    pub unsafe fn give_back(&self, from: usize, to: usize) -> Result<()> {
        let start = self.view(to.min(self.len))?;
        // SAFETY: the view is long enough; the caller vouches for the content.
        unsafe { Mapping::give_back(start, from, to.min(self.len)) };
        Ok(())
    }
}

impl Drop for GrowingMapping {
    fn drop(&mut self) {
        for (n, view) in self.views.iter_mut().enumerate().skip(1) {
            if let Some(start) = NonNull::new(*view.get_mut()) {
                let len = (FIRST << n).min(self.len.next_multiple_of(FIRST));
                // SAFETY: `map_view` has leaked a mapping of that length there.
                drop(unsafe { Mapping::from_raw(start, len) });
            }
        }
    }
}
