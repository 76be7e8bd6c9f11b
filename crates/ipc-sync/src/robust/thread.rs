//! [`Thread`]: what a thread knows of itself when it locks.

use std::cell::Cell;
use std::ptr;

use ipc_error::Result;
use nix::unistd::gettid;

use crate::robust::fork_generation::{fork_generation, watch_forks};
use crate::robust::held_list::HeldList;

/// What a thread knows of itself.
#[derive(Clone, Copy)]
pub(super) struct Thread {
    /// 0 before the thread first locks; older than the process's after a fork.
    generation: u32,
    pub(super) id: u32,
    list: *const HeldList,
}

thread_local! {
    static THREAD: Cell<Thread> =
        const { Cell::new(Thread { generation: 0, id: 0, list: ptr::null() }) };
    /// How many mutexes this thread holds.
    pub(super) static HELD: Cell<u32> = const { Cell::new(0) };
}

impl Thread {
    /// `offset` is that of a mutex's word from its entry in the list.
    #[inline]
    pub(super) fn current(offset: isize) -> Result<Self> {
        Self::known().map_or_else(|| Self::identify(offset), Ok)
    }

    #[inline]
    pub(super) fn known() -> Option<Self> {
        let thread = THREAD.get();
        (thread.generation == fork_generation()).then_some(thread)
    }

    #[inline]
    pub(super) fn list(&self) -> &HeldList {
        // SAFETY: only a thread that has been identified comes here, with the list that was found
        // then, which glibc keeps for as long as the thread lives. `Thread` is not `Send`.
        unsafe { &*self.list }
    }

    /// A forked child has another id than its parent, and holds nothing.
    #[cold]
    fn identify(offset: isize) -> Result<Self> {
        watch_forks();
        let list = HeldList::of_this_thread(offset)?;
        let id = gettid().as_raw().cast_unsigned();
        let thread = Thread { generation: fork_generation(), id, list };
        if THREAD.replace(thread).generation != 0 {
            thread.list().forget_pending();
        }
        HELD.set(0);
        Ok(thread)
    }
}
