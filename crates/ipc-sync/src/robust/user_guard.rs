//! [`UserGuard`]: a [`RobustMutex`] held while a program's own code runs.

use std::cell::Cell;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::process;

use ipc_error::{Error, Result};
use ipc_trace::internal::{Act, address, begin, end, end_and_begin, is_on};
use nix::unistd::{getpid, gettid};

use crate::robust::mutex::RobustMutex;
use ipc_memory::Deadline;

/// A mutex that is held until this is dropped. Counts as a guard of its thread.
#[derive(Debug)]
pub(crate) struct UserGuard<'a> {
    mutex: &'a RobustMutex,
    /// Whether the last holder died while it held it.
    pub(crate) owner_died: bool,
    /// The mutex belongs to the thread that took it.
    _not_send: PhantomData<*const ()>,
}

impl<'a> UserGuard<'a> {
    /// Waits for the mutex; `None` if the deadline passed first.
    #[inline]
    pub(crate) fn lock(mutex: &'a RobustMutex, deadline: Deadline) -> Result<Option<Self>> {
        if is_on() {
            return Self::lock_traced(mutex, deadline);
        }
        Self::lock_untraced(mutex, deadline)
    }

    #[cold]
    fn lock_traced(mutex: &'a RobustMutex, deadline: Deadline) -> Result<Option<Self>> {
        begin(Act::Wait, address(mutex));
        let guard = Self::lock_untraced(mutex, deadline);
        match guard {
            Ok(Some(_)) => end_and_begin(Act::Wait, Act::Hold, address(mutex)),
            _ => end(Act::Wait, address(mutex)),
        }
        guard
    }

    #[inline]
    fn lock_untraced(mutex: &'a RobustMutex, deadline: Deadline) -> Result<Option<Self>> {
        let Some(owner_died) = mutex.lock(deadline)? else { return Ok(None) };
        let guards = GUARDS.replace(GUARDS.get() + 1);
        let guard = UserGuard { mutex, owner_died, _not_send: PhantomData };
        // From its first use on, END is dropped at the thread's end. Afterwards a guard that is leaked
        // would not be noticed.
        match guards == 0 && END.try_with(|_| ()).is_err() {
            true => Err(Error::ThreadEnding),
            false => Ok(Some(guard)),
        }
    }
}

impl Drop for UserGuard<'_> {
    fn drop(&mut self) {
        GUARDS.set(GUARDS.get() - 1);
        end(Act::Hold, address(self.mutex));
        self.mutex.unlock();
    }
}

thread_local! {
    static GUARDS: Cell<u32> = const { Cell::new(0) };
    static END: ThreadEnd = const { ThreadEnd };
}

/// A guard that is leaked (`mem::forget`, `Box::leak`) may have lent out what it guards for as long
/// as the lock exists. But when its thread ends, the kernel gives the lock to the next. (When the
/// main thread ends, so does the process.)
struct ThreadEnd;

impl Drop for ThreadEnd {
    fn drop(&mut self) {
        if GUARDS.get() > 0 && gettid() != getpid() {
            let _ = writeln!(
                io::stderr(),
                "a thread has ended with a leaked lock guard, so that two would have the lock; \
                 drop guards where they are taken"
            );
            process::abort();
        }
    }
}

/// How many guards the calling thread has.
pub fn guards_of_this_thread() -> u32 {
    GUARDS.get()
}
