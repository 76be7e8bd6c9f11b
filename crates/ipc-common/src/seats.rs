//! [`Seats`]: those who wait, of whom the living can be told from the dead.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use crate::counter::Counter;
use crate::deadline::Deadline;
use crate::memory::Shareable;
use crate::robust::RobustLock;
use crate::{Error, Result};

/// Who sits here holds the lock: the kernel takes it from whoever dies.
#[repr(C)]
pub(crate) struct Seat {
    lock: RobustLock,
    /// Since when, as its user counts.
    pub(crate) since: AtomicU32,
    /// How often somebody was called who sat here.
    pub(crate) calls: Counter,
}

/// To be used under another lock, which whoever waits gives back only when seated.
#[repr(C)]
pub(crate) struct Seats {
    /// None above were ever used.
    used: AtomicU32,
    seats: [Seat; Seats::MOST],
}

// SAFETY: only atomics and locks, for which zero bytes are valid.
unsafe impl Shareable for Seats {}

impl Seats {
    pub(crate) const MOST: usize = 1024;

    /// Takes a seat until the result is dropped.
    pub(crate) fn sit(&self) -> Result<Seated<'_>> {
        for (n, seat) in (1..).zip(&self.seats) {
            // (In a signal handler, this thread may be the one that sits there.)
            if !seat.lock.is_mine() && seat.lock.lock(Deadline::NOW)?.is_some() {
                self.used.fetch_max(n, Relaxed);
                return Ok(Seated(seat));
            }
        }
        Err(Error::TooManyWaiting)
    }

    pub(crate) fn used(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().take(self.used.load(Relaxed) as usize)
    }
}

impl Seat {
    pub(crate) fn is_taken(&self) -> bool {
        self.lock.owner() != 0
    }
}

pub(crate) struct Seated<'a>(pub(crate) &'a Seat);

impl Drop for Seated<'_> {
    fn drop(&mut self) {
        self.0.lock.unlock();
    }
}
