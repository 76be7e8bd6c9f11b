//! [`RobustLock`]: the lock word that no `kill -9` can leave locked.
//!
//! It lives in shared memory. The kernel knows which locks a thread holds from a list that the
//! thread keeps (`get_robust_list(2)`), and when the thread dies it marks each as ownerless and
//! wakes a waiter. A thread has one such list, which belongs to glibc; we join it, so a lock is
//! laid out as glibc lays out its own:
//!
//! ```text
//!   byte 0        4        8          24       32
//!        ┌────────┬────────┬──────────┬────────┬────────┐
//!        │  word  │ count  │ (unused) │  prev  │  next ─┼──▶ `next` of the lock taken before
//!        └────────┴────────┴──────────┴────────┴────────┘
//!         \___ state ____/              the list points here ▲, 32 bytes after the word
//!
//!   word  = thread id of the owner, 0 when free
//!         | OWNER_DIED  the kernel released it for a dead owner
//!         | WAITERS     somebody may be asleep
//!   count = how many times the lock has been taken
//! ```
//!
//! Why a kill at any instruction is harmless:
//!
//! 1. *A dead owner's lock is released.* Before a thread touches the word it names the lock in its
//!    list's `pending` field; it clears the field when word and list agree again. At every
//!    instruction between, the kernel finds the lock by one of the two.
//! 2. *Nobody sleeps for ever.* WAITERS is set before anyone sleeps, and every taker keeps it. With
//!    WAITERS set, release and wake are one system call, so none dies between the two. A sleeper
//!    that is killed after it was woken has the lock as `pending`: if the lock is free the kernel
//!    wakes the next (Linux 6.2, and the older lines that are maintained), and if not its taker has
//!    kept WAITERS and will.
//! 3. *WAITERS is cleared only when nobody sleeps*: by a release that woke no one, and only if word
//!    *and count* are still as it left them. Then the lock was free from the wake to the clearing,
//!    and on a free lock nobody goes to sleep.
//!
//! Two things the kernel leaves open. It knows threads by their ids, so all who share a lock must be
//! in one pid namespace (`Process::start` sees to that). And a thread other than the main one that
//! replaces its process by `exec` gets another id before its list is looked at, so that what it
//! holds stays locked.
//!
//! glibc's own robust mutex lacks 2 and 3: it clears WAITERS when it releases, so when the thread
//! it woke is killed while another has already taken the lock, the remaining sleepers are forgotten.

use std::cell::Cell;
use std::ffi::c_int;
use std::mem::offset_of;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicIsize, AtomicU32, AtomicU64, AtomicUsize, compiler_fence};

use nix::errno::Errno;
use nix::unistd::gettid;

use crate::deadline::Deadline;
use crate::memory::{Change, Shareable, futex_change_and_wake, futex_wait};
use crate::{Error, Result};

const WAITERS: u64 = 1 << WAITERS_BIT;
const WAITERS_BIT: i32 = 31;
const OWNER_DIED: u64 = 1 << 30;
const OWNER: u64 = OWNER_DIED - 1;
const WORD: u64 = u32::MAX as u64;
const ONE_TAKEN: u64 = 1 << 32;

/// The kernel follows no more than 2048 entries of a list; glibc's own mutexes need room, too.
const MOST_HELD: u32 = 1024;

/// A lock word with its place in the owner's list; see the head of this file.
#[repr(C)]
pub(crate) struct RobustLock {
    state: AtomicU64,
    _unused: [u64; 2],
    prev: AtomicUsize,
    next: AtomicUsize,
}

/// `struct robust_list_head` of the kernel; one for each thread, in memory of glibc's.
#[repr(C)]
struct List {
    first: AtomicUsize,
    offset: AtomicIsize,
    pending: AtomicUsize,
}

/// From an entry (the address of a `next`) to its lock's word.
const OFFSET: isize = -(offset_of!(RobustLock, next) as isize);
const _: () = assert!(OFFSET == -32 && offset_of!(RobustLock, prev) == 24);

// SAFETY: only atomics, for which zero bytes are valid. `prev` and `next` are addresses in the
// owner's memory, and nobody but the owner follows them.
unsafe impl Shareable for RobustLock {}

/// What a thread knows of itself. `id` is 0 until it first locks, and again after a fork.
#[derive(Clone, Copy)]
struct Thread {
    id: u32,
    list: *const List,
}

thread_local! {
    static THREAD: Cell<Thread> = const { Cell::new(Thread { id: 0, list: ptr::null() }) };
    static HELD: Cell<u32> = const { Cell::new(0) };
}

impl RobustLock {
    /// Takes the lock. `Some(true)` says that its last owner died with it, `None` that the
    /// deadline passed first.
    #[inline]
    pub(crate) fn lock(&self, deadline: Deadline) -> Result<Option<bool>> {
        let thread = Thread::current()?;
        let mut state = self.state.load(Relaxed);
        if state & OWNER == thread.id.into() {
            return Err(Error::AlreadyLocked);
        }
        if HELD.get() >= MOST_HELD {
            return Err(Error::TooManyLocks { held: MOST_HELD });
        }
        let Some(_pending) = thread.list().pending(self) else { return Err(Error::Interrupted) };
        while let Err(now) = self.take(state, thread.id) {
            match self.wait(now, deadline) {
                Some(now) => state = now,
                None => return Ok(None),
            }
        }
        thread.list().link(self);
        HELD.set(HELD.get() + 1);
        Ok(Some(state & OWNER_DIED != 0))
    }

    /// Makes a free lock ours. The error is the state that it has instead.
    #[inline]
    fn take(&self, state: u64, id: u32) -> Result<u64, u64> {
        if state & OWNER != 0 {
            return Err(state);
        }
        let taken = (state & (!WORD | WAITERS)).wrapping_add(ONE_TAKEN) | u64::from(id);
        self.state.compare_exchange(state, taken, Acquire, Relaxed)
    }

    /// Sleeps while the lock has an owner. `None` if the deadline passed first.
    #[cold]
    fn wait(&self, state: u64, deadline: Deadline) -> Option<u64> {
        let waited = state | WAITERS;
        if state & OWNER == 0 {
            return Some(state);
        }
        if deadline == Deadline::NOW {
            return None;
        }
        if state & WAITERS == 0
            && let Err(now) = self.state.compare_exchange(state, waited, Relaxed, Relaxed)
        {
            return Some(now);
        }
        // SAFETY: the word is in shared memory, as all of this lock is.
        let in_time = unsafe { futex_wait(self.word(), (waited & WORD) as u32, deadline) };
        in_time.then(|| self.state.load(Relaxed))
    }

    /// Gives the lock back. Nothing happens if this thread is not its owner, which is so for the
    /// copy of a guard that a fork made.
    #[inline]
    pub(crate) fn unlock(&self) {
        let thread = THREAD.get();
        let state = self.state.load(Relaxed);
        if thread.id == 0 || state & OWNER != thread.id.into() {
            return;
        }
        let _pending = thread.list().pending(self);
        self.unlink();
        let free = state & !WORD;
        if state & WAITERS != 0
            || self.state.compare_exchange(state, free, Release, Relaxed).is_err()
        {
            self.release_and_wake(free);
        }
        HELD.set(HELD.get() - 1);
    }

    #[cold]
    fn release_and_wake(&self, free: u64) {
        // SAFETY: the word is in shared memory and only ever used through atomics. Its new value
        // says: free, and somebody may be asleep.
        let woken = unsafe { futex_change_and_wake(self.word(), Change::ToBit(WAITERS_BIT), 1) };
        if !woken {
            // Fails if somebody has taken the lock since; then WAITERS is theirs to clear.
            let _ = self.state.compare_exchange(free | WAITERS, free, Relaxed, Relaxed);
        }
    }

    pub(crate) fn is_mine(&self) -> bool {
        matches!(THREAD.get().id, id if id != 0 && id == self.owner())
    }

    /// Whether its owner is a thread of this process.
    pub(crate) fn is_held_here(&self) -> bool {
        let (process, owner) = (std::process::id(), self.owner());
        // SAFETY: sends nothing, only asks. (0 is no thread.)
        owner != 0 && unsafe { libc::syscall(libc::SYS_tgkill, process, owner, 0) } == 0
    }

    /// The owner's thread id, 0 if there is none.
    pub(crate) fn owner(&self) -> u32 {
        (self.state.load(Relaxed) & OWNER) as u32
    }

    /// The low half of `state`, for the kernel: the machine is little-endian.
    fn word(&self) -> *const u32 {
        self.state.as_ptr().cast()
    }

    fn entry(&self) -> usize {
        (&raw const self.next).expose_provenance()
    }

    fn unlink(&self) {
        let (prev, next) = (self.prev.load(Relaxed), self.next.load(Relaxed));
        // SAFETY: the owner's entries link only to its list's head and to locks that it holds;
        // held locks are not unmapped (`Lock` sees to that).
        unsafe {
            prev_of(next).store(prev, Relaxed);
            next_of(prev).store(next, Relaxed);
        }
        compiler_fence(SeqCst); // the lock is out of the list before it is free
    }
}

impl List {
    /// Names `lock` as the one being taken or released, until the returned guard is dropped. There
    /// can be only one: `None` if a signal handler has come in between.
    fn pending<'a>(&'a self, lock: &RobustLock) -> Option<Pending<'a>> {
        if self.pending.load(Relaxed) != 0 {
            return None;
        }
        self.pending.store(lock.entry(), Relaxed);
        compiler_fence(SeqCst);
        Some(Pending { list: self })
    }

    fn link(&self, lock: &RobustLock) {
        let head = (&raw const self.first).expose_provenance();
        let first = self.first.load(Relaxed);
        lock.next.store(first, Relaxed);
        lock.prev.store(head, Relaxed);
        // SAFETY: `first` is the head itself or a lock that this thread holds, as in `unlink`.
        unsafe { prev_of(first).store(lock.entry(), Relaxed) };
        compiler_fence(SeqCst); // the entry is complete before the kernel can come to it
        self.first.store(lock.entry(), Relaxed);
    }
}

/// While it lives, the kernel knows that its lock may be ours though it is not in the list.
struct Pending<'a> {
    list: &'a List,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        compiler_fence(SeqCst);
        self.list.pending.store(0, Relaxed);
    }
}

/// glibc and the kernel mark entries of one kind of mutex with the lowest bit.
const MARK: usize = 1;

/// # Safety
///
/// `entry` must be in this thread's list or its head (which glibc lays out with a `prev` too).
unsafe fn prev_of<'a>(entry: usize) -> &'a AtomicUsize {
    let next = ptr::with_exposed_provenance::<AtomicUsize>(entry & !MARK);
    // SAFETY: `prev` stands one word before `next` in every entry.
    unsafe { &*next.sub(1) }
}

/// # Safety
///
/// As for [`prev_of`].
unsafe fn next_of<'a>(entry: usize) -> &'a AtomicUsize {
    // SAFETY: an entry is the address of its `next`.
    unsafe { &*ptr::with_exposed_provenance::<AtomicUsize>(entry & !MARK) }
}

impl Thread {
    #[inline]
    fn current() -> Result<Self> {
        match THREAD.get() {
            Thread { id: 0, .. } => Self::find_identity(),
            known => Ok(known),
        }
    }

    /// Only of a thread that knows its id.
    #[inline]
    fn list(&self) -> &List {
        // SAFETY: the list was found together with the id, and glibc keeps it for as long as the
        // thread lives. A `Thread` stays in the thread, as it is not `Send`.
        unsafe { &*self.list }
    }

    #[cold]
    fn find_identity() -> Result<Self> {
        forget_after_fork();
        let mut list: *const List = ptr::null();
        let mut size = 0_usize;
        // SAFETY: the kernel writes a pointer and a size to where they belong.
        let result =
            unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut list, &raw mut size) };
        Errno::result(result).map_err(|e| Error::system("find the list of held locks", "", e))?;
        // SAFETY: the list is glibc's, registered with the kernel by the thread's start.
        if list.is_null() || unsafe { (*list).offset.load(Relaxed) } != OFFSET {
            return Err(Error::Unsupported(
                "its C library keeps no list of held locks as glibc does",
            ));
        }
        let known = Thread { id: gettid().as_raw().cast_unsigned(), list };
        THREAD.set(known);
        Ok(known)
    }
}

/// Sees to it that a forked child does not take itself for its parent. Has to be done before the
/// fork, lest the child find another thread half-way through.
pub(crate) fn forget_after_fork() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: the handler only sets what belongs to its thread.
        let failed: c_int = unsafe { libc::pthread_atfork(None, None, Some(forget_identity)) };
        assert!(failed == 0, "no memory to register a fork handler");
    });
}

/// In the child of a fork: it has another id, holds nothing, and is not about to.
extern "C" fn forget_identity() {
    if let thread @ Thread { id: 1.., .. } = THREAD.get() {
        thread.list().pending.store(0, Relaxed);
    }
    THREAD.set(Thread { id: 0, list: ptr::null() });
    HELD.set(0);
    GENERATION.fetch_add(1, Relaxed);
}

static GENERATION: AtomicU32 = AtomicU32::new(1);

/// This process's place in the line of forks that led to it: higher than that of each process that it
/// comes from. (An id may be that of one of those that has ended.)
pub(crate) fn generation() -> u32 {
    GENERATION.load(Relaxed)
}
