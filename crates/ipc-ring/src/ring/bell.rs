//! [`Bell`]: a descriptor that is readable while a [`Ring`] has items, or is closed.
//!
//! *The rule that makes a kill at any instruction harmless*: the bell rings under the producers'
//! mutex *before* an item becomes visible, and is silenced under the same mutex when there is none.
//! So no producer is between the two while it is silenced, and an item that is visible has rung. A
//! process killed between the two leaves a bell that has rung for nothing.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering::Relaxed;

use ipc_error::{Error, Result};
use ipc_memory::Part;
use ipc_sync::internal::{Deadline, StateGuard};

use crate::ring::Ring;
use crate::ring::get::First;
use crate::ring::layout::{Control, Producers};

/// An eventfd that does not block. All processes that have the ring have a copy.
#[derive(Debug)]
pub(crate) struct Bell(File);

impl Bell {
    pub(crate) fn of(eventfd: OwnedFd) -> Self {
        Bell(eventfd.into())
    }

    /// Its part of what it belongs to.
    pub(crate) fn pack(&self) -> Result<Part> {
        let file = self.0.try_clone().map_err(|e| {
            Error::system("pass a queue to another process", "close some files (ulimit -n)", e)
        })?;
        Ok(Part::File(file.into()))
    }

    /// Rings, unless it has rung since it was silenced. Caller holds the producers' mutex.
    #[inline]
    pub(crate) fn ring_once(&self, producers: &Producers) {
        if producers.has_rung.load(Relaxed) == 0 {
            self.ring();
            producers.has_rung.store(1, Relaxed); // a kill before this makes the next one ring, too
        }
    }

    /// Makes it readable, and wakes all that poll it.
    fn ring(&self) {
        let _ = (&self.0).write(&1_u64.to_ne_bytes()); // fails only if it is as readable as can be
    }

    /// Caller holds the producers' mutex.
    fn silence(&self, producers: &Producers) {
        producers.has_rung.store(0, Relaxed); // first: a kill between the two leaves it readable
        let _ = (&self.0).read(&mut [0; 8]); // fails if it is silent
    }
}

impl Ring {
    /// Gives the ring a bell: an eventfd that does not block, and that only this ring uses. No other
    /// process has the ring yet.
    pub fn set_bell(&mut self, eventfd: OwnedFd) {
        self.bell = Some(Bell::of(eventfd));
    }

    /// Readable while there are items, or if the ring is closed; sometimes for nothing, until a look
    /// for the first item has said [`Error::Empty`]. `None` if the ring has no bell.
    pub fn bell(&self) -> Option<BorrowedFd<'_>> {
        self.bell.as_ref().map(|bell| bell.0.as_fd())
    }

    /// After a look for an item. If that found [`Error::Empty`], the bell is silent from now on, or
    /// rings again: there may be an item, though another process was in the way.
    #[inline]
    pub(crate) fn looked(&self, found: &Result<First<'_>, Error>) {
        if let (Some(bell), Err(Error::Empty)) = (&self.bell, found)
            && !self.silence_bell(bell, || false)
        {
            bell.ring();
        }
    }

    /// The last item was taken: silences the bell, unless a producer is at work, which rings anyway.
    #[cold]
    pub(crate) fn drained(&self) {
        if let Some(bell) = &self.bell {
            self.silence_bell(bell, || true);
        }
    }

    /// Silences the bell if there is nothing to be had; whether it did.
    fn silence_bell(&self, bell: &Bell, do_not_wait: impl FnOnce() -> bool) -> bool {
        let Control { put, producers, .. } = &*self.control;
        let guard = StateGuard::take_until(&producers.lock, Deadline::NOW, do_not_wait);
        let Ok(Some(_guard)) = guard else { return false };
        if !self.is_empty() {
            return false;
        }
        bell.silence(producers);
        // `close` may have found the mutex taken: then it rings after it has closed, or this sees it.
        if put.is_closed() {
            bell.ring();
        }
        true
    }

    /// Calls `close`, which the bell is to tell of.
    pub(crate) fn ring_and_close(&self, close: impl FnOnce()) {
        let Some(bell) = &self.bell else { return close() };
        let producers = &self.control.producers;
        // With the mutex, nothing silences the bell between the two. Without it, a process that is
        // killed between them has closed the ring in silence, until the next call closes it again.
        let guard = StateGuard::take_until(&producers.lock, Deadline::NOW, || false);
        bell.ring();
        close();
        if !matches!(guard, Ok(Some(_))) {
            bell.ring();
        }
    }
}
