//! [`WaiterSlots`]: waiters, of which the living can be told from the dead.

use std::ops::Deref;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use bytemuck::Zeroable;
use ipc_error::{Error, Result};

use crate::event_count::EventCount;
use crate::robust::mutex::RobustMutex;
use ipc_memory::Deadline;

/// One waiter's. It holds the mutex while it waits, and the kernel releases that when it dies.
#[derive(Debug, Zeroable)]
#[repr(C)]
pub(crate) struct WaiterSlot {
    occupied: RobustMutex,
    /// What the waiter waits for, in its user's numbers.
    pub waits_since: AtomicU32,
    /// How often waiters in this slot were notified.
    pub notified: EventCount,
}

/// Used under another lock, which a waiter releases only when it has a slot.
#[derive(Debug, Zeroable)]
#[repr(C)]
pub(crate) struct WaiterSlots {
    /// Slots from this one on were never used.
    high_water: AtomicU32,
    slots: [WaiterSlot; WaiterSlots::MOST],
}

impl WaiterSlots {
    /// The number of slots.
    pub(crate) const MOST: usize = 1024;

    /// Takes a slot until the result is dropped.
    pub(crate) fn take(&self) -> Result<TakenSlot<'_>> {
        for (n, slot) in (1..).zip(&self.slots) {
            // (In a signal handler, this thread may be the one that waits there.)
            if !slot.occupied.is_mine() && slot.occupied.lock(Deadline::NOW)?.is_some() {
                self.high_water.fetch_max(n, Relaxed);
                return Ok(TakenSlot(slot));
            }
        }
        Err(Error::TooManyWaiting)
    }

    /// All slots that were ever used.
    pub(crate) fn used(&self) -> impl Iterator<Item = &WaiterSlot> {
        self.slots.iter().take(self.high_water.load(Relaxed) as usize)
    }
}

impl WaiterSlot {
    /// Whether a living waiter has it.
    pub(crate) fn is_taken(&self) -> bool {
        self.occupied.owner() != 0
    }
}

/// A slot that is this thread's until this is dropped.
pub(crate) struct TakenSlot<'a>(&'a WaiterSlot);

impl Deref for TakenSlot<'_> {
    type Target = WaiterSlot;
    fn deref(&self) -> &WaiterSlot {
        self.0
    }
}

impl Drop for TakenSlot<'_> {
    fn drop(&mut self) {
        self.0.occupied.unlock();
    }
}
