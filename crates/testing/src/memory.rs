//! Memory that tests share, and how much processes have.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

use ipc_common::Queue;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustix::param::page_size;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// So many bytes that begin with this one, of which no page is like its neighbours. (Copied again and
/// again: to compute each byte takes a second for 64 MiB where nothing is optimised.)
pub fn pattern(first: u8, len: usize) -> Vec<u8> {
    let period: Vec<u8> = (0..251).map(|n| first ^ n).collect();
    let mut bytes = period.repeat(len.div_ceil(period.len()));
    bytes.truncate(len);
    bytes
}

/// What a process's status says of its memory: `kind` is a line's name.
pub fn kibibytes(pid: u32, kind: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The memory of all that this process shares without a name, in KiB, also of what it has not mapped
/// page by page.
pub fn shared_memory() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut longest = BTreeMap::new();
    for line in maps.lines().filter(|line| line.ends_with("/dev/zero (deleted)")) {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|n| usize::from_str_radix(n, 16).unwrap());
        let file = fields.nth(3).unwrap().to_owned();
        let view = longest.entry(file).or_insert(start..end);
        if end - start > view.len() {
            *view = start..end;
        }
    }
    let pages = longest.into_values().map(|view| {
        let mut is_there = vec![0_u8; view.len() / page_size()];
        let start = std::ptr::with_exposed_provenance_mut(view.start);
        // SAFETY: only asks; the kernel fills a byte for each page of a mapping.
        let asked = unsafe { libc::mincore(start, view.len(), is_there.as_mut_ptr()) };
        assert_eq!(asked, 0);
        is_there.into_iter().filter(|page| page & 1 != 0).count()
    });
    pages.sum::<usize>() * page_size() / 1024
}

/// A queue whose ring is so small that it can be filled: 1 MiB at most.
pub fn small_queue<T: Serialize + DeserializeOwned>() -> Queue<T> {
    with_address_space(1 << 20, Queue::new).unwrap()
}

/// Calls `f` while this process may have only this much more address space.
pub fn with_address_space<T>(more: u64, f: impl FnOnce() -> T) -> T {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let (soft, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    setrlimit(Resource::RLIMIT_AS, pages * page_size() as u64 + more, hard).unwrap();
    let result = f();
    setrlimit(Resource::RLIMIT_AS, soft, hard).unwrap();
    result
}

/// Something in shared memory that the tests look at.
pub struct Shared<T>(NonNull<T>);

impl<T> Shared<T> {
    /// Zeroed.
    pub fn new() -> Self {
        let size = NonZeroUsize::new(size_of::<T>()).unwrap();
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping disturbs no memory.
        let mapping = unsafe { mmap_anonymous(None, size, access, MapFlags::MAP_SHARED) };
        Shared(mapping.unwrap().cast())
    }

    /// For what is called with a pointer.
    pub fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: zeroed memory is valid for what the tests put there: numbers and mutexes.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: mapped in `new`; no reference is left.
        unsafe { munmap(self.0.cast(), size_of::<T>()) }.unwrap();
    }
}
