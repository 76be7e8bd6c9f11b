//! [`State`]: what the parties of a barrier share, and what the holder of its lock does with it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, Release};

use bytemuck::Zeroable;
use ipc_error::Result;

use crate::event_count::EventCount;
use crate::robust::mutex::RobustMutex;
use crate::robust::state_guard::StateGuard;
use crate::waiter_slots::{WaiterSlot, WaiterSlots};

/// A party that arrives takes a slot, under the lock, and waits for the round to end. That end is one
/// atomic step, so all waiters go on or none does. A round that breaks is first marked in each slot.
///
/// An action runs with the lock held, after the round has ended with the mark `ACTING` in each slot:
/// the waiters are awake and wait for the lock, because that is where the kernel tells them that the
/// process with the action has died. What decides whether they pass is again one step, `is_done`.
#[derive(Zeroable)]
#[repr(C)]
pub(crate) struct State {
    pub(super) round: EventCount,
    lock: RobustMutex,
    pub(super) is_broken: AtomicBool,
    pub(super) slots: WaiterSlots,
    /// Whether an action has succeeded whose parties still have the mark `ACTING`.
    is_done: AtomicBool,
}

/// In a slot, in place of the number of the round that its waiter waits for, which is below 2³⁰.
pub(super) const BROKEN: u32 = u32::MAX;
pub(super) const NO_ROUND: u32 = u32::MAX - 1;
pub(super) const ACTING: u32 = u32::MAX - 2;

impl State {
    pub(super) fn enter(&self) -> Result<StateGuard<'_>> {
        let lock = StateGuard::take(&self.lock)?;
        if lock.owner_died {
            self.break_up(true); // a party, and it is not known how far it came
        }
        Ok(lock)
    }

    /// The slots of the parties that wait in this round, though they may have died since.
    pub(super) fn arrived(&self) -> impl Iterator<Item = &WaiterSlot> {
        self.marked(self.round.count().number())
    }

    fn marked(&self, mark: u32) -> impl Iterator<Item = &WaiterSlot> {
        self.slots.used().filter(move |slot| slot.waits_since.load(Relaxed) == mark)
    }

    /// Ends the round for all waiters, and leaves the barrier broken or whole.
    pub(super) fn break_up(&self, is_broken: bool) {
        self.let_pass();
        self.is_broken.store(is_broken, Relaxed);
        let waiting = self.arrived().chain(self.marked(ACTING));
        waiting.for_each(|slot| slot.waits_since.store(BROKEN, Relaxed));
        self.round.add_one();
    }

    /// Ends the round for all waiters when the action has succeeded; breaks it if the action fails or
    /// panics.
    pub(super) fn act(&self, action: impl FnOnce() -> Result<()>) -> Result<()> {
        self.arrived().for_each(|slot| slot.waits_since.store(ACTING, Relaxed));
        self.round.add_one();
        let ended = catch_unwind(AssertUnwindSafe(action));
        match ended {
            Ok(Ok(())) => self.is_done.store(true, Relaxed),
            _ => self.break_up(true),
        }
        self.let_pass();
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Lets the parties of an action pass if it has succeeded.
    fn let_pass(&self) {
        if self.is_done.load(Relaxed) {
            // `Release`: a kill finds `is_done` set as long as one of them has the mark.
            self.marked(ACTING).for_each(|slot| slot.waits_since.store(NO_ROUND, Release));
            self.is_done.store(false, Release);
        }
    }
}
