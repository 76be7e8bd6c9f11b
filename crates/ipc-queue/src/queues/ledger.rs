//! [`Ledger`]: which items of a joinable queue are finished, in hand, or lost with a dead consumer.
//!
//! Why a kill at any instruction is harmless: the number of items that are in dead consumers' hands
//! is never kept, but computed: it is what was taken and is neither finished nor in a living
//! consumer's hands. When they are counted as lost, that changes one word.

use std::process;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use ipc_sync::internal::{Count, Deadline, EventCount, RobustMutex, StateGuard, fork_generation};

/// A consumer's items: taken, and not yet finished. It holds the lock for as long as there are any,
/// so a slot with items whose lock is free is a dead one's. (No two share a cache line.)
#[derive(Debug, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct ConsumerSlot {
    pub lock: RobustMutex,
    pid: AtomicU32,
    items: AtomicU32,
}

/// See the head of this file.
#[derive(Debug, Zeroable)]
#[repr(C)]
pub(crate) struct Ledger {
    /// [`Settled`], in one word.
    settled: AtomicU64,
    /// How many of the lost items `join` has told of.
    told: AtomicU32,
    /// The process that lost the last ones.
    lost_by: AtomicU32,
    /// Held for each step by which an item comes into a slot or goes from it.
    lock: RobustMutex,
    /// No slots above were ever used.
    used: AtomicU32,
    /// 1 if a `join` may be waiting for all to be done. Changed with the lock held.
    is_joined: AtomicU32,
    /// How often all was done while that was so.
    all_done: EventCount,
    slots: [ConsumerSlot; 128],
}

/// Items that were taken and are in no hands any more.
#[derive(Clone, Copy)]
pub(crate) struct Settled {
    /// All of them, also those that were lost.
    pub finished: Count,
    lost: u32,
}

/// How long a consumer waits for a `join` to let go of a slot, which takes it an instant.
const IN_PROGRESS: Duration = Duration::from_millis(100);

/// While items are being finished, a `join` looks for dead consumers this often. To hear of each item
/// would cost its consumer a system call.
const MOMENT: Duration = Duration::from_millis(1);

/// This process's id, without a system call for each item. (The lock of a slot is held, so forks are
/// watched.)
fn my_pid() -> u32 {
    static KNOWN: AtomicU64 = AtomicU64::new(0);
    let (known, generation) = (KNOWN.load(Relaxed), u64::from(fork_generation()));
    if known >> 32 == generation {
        return known as u32;
    }
    let pid = process::id();
    KNOWN.store(generation << 32 | u64::from(pid), Relaxed);
    pid
}

impl Ledger {
    pub(crate) fn settled(&self) -> Settled {
        let word = self.settled.load(Acquire);
        Settled { finished: Count::from_number(word as u32), lost: (word >> 32) as u32 }
    }

    /// Counts `n` items more as finished, `lost` of them as lost. Caller holds the ledger's lock.
    fn settle(&self, n: u32, lost: u32) {
        let before = self.settled();
        let finished = before.finished.number().wrapping_add(n) % (2 * Count::HALF_RANGE);
        let lost = before.lost.wrapping_add(lost);
        self.settled.store(u64::from(lost) << 32 | u64::from(finished), Release);
    }

    /// Waits for the ledger's lock; `None` if the deadline came first.
    pub(crate) fn lock(&self, deadline: Deadline) -> Result<Option<StateGuard<'_>>> {
        StateGuard::take_until(&self.lock, deadline, || false)
    }

    /// The slots that were ever used.
    fn used(&self) -> impl Iterator<Item = &ConsumerSlot> {
        self.slots.iter().take(self.used.load(Relaxed) as usize)
    }

    fn mine(&self) -> Option<&ConsumerSlot> {
        self.used().find(|slot| slot.lock.is_mine())
    }

    /// A slot with items in it.
    pub(crate) fn busy(&self) -> Option<&ConsumerSlot> {
        self.used().find(|slot| slot.items.load(Relaxed) > 0)
    }

    /// Whether a thread of this process has items in hand.
    pub(crate) fn is_used_here(&self) -> bool {
        self.used().any(|slot| slot.lock.is_held_here())
    }

    /// Notes that this thread takes items. Caller holds the ledger's lock until they are taken.
    pub(crate) fn take_in_hand(&self, items: u32, taken: &EventCount) -> Result<()> {
        let slot = match self.mine() {
            Some(mine) => mine,
            None => self.claim_slot(taken)?,
        };
        let in_hand = slot.items.load(Relaxed); // only this thread changes it
        slot.items.store(in_hand + items, Relaxed);
        Ok(())
    }

    /// A slot without items, whose lock is this thread's from now on.
    fn claim_slot(&self, taken: &EventCount) -> Result<&ConsumerSlot> {
        if let Some(free) = self.lock_free_slot(Deadline::NOW)? {
            return Ok(free);
        }
        self.reclaim_dead(taken);
        // A free slot's lock may be in the hands of a `join` that has waited for it.
        let free = self.lock_free_slot(Deadline::after(IN_PROGRESS))?;
        free.ok_or(Error::TooManyConsumers)
    }

    fn lock_free_slot(&self, deadline: Deadline) -> Result<Option<&ConsumerSlot>> {
        for (n, slot) in (1..).zip(&self.slots) {
            if slot.items.load(Relaxed) == 0 && slot.lock.lock(deadline)?.is_some() {
                if self.used.load(Relaxed) < n {
                    self.used.store(n, Relaxed);
                }
                slot.pid.store(my_pid(), Relaxed);
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// Notes that this thread has finished so many items. If none of all that were put is left, tells `join`.
    ///
    /// A process killed before that leaves `join` asleep until it looks again by itself.
    pub(crate) fn finish(&self, items: usize, put: &EventCount) -> Result<()> {
        if items == 0 {
            return Ok(());
        }
        let Some(slot) = self.mine() else { return Err(Error::NothingInHand) };
        let in_hand = slot.items.load(Relaxed); // only this thread changes it
        let items = u32::try_from(items).ok().filter(|items| *items <= in_hand);
        let Some(items) = items else { return Err(Error::NothingInHand) };
        let _ledger = StateGuard::take(&self.lock)?;
        self.settle(items, 0);
        slot.items.store(in_hand - items, Relaxed);
        if items == in_hand {
            slot.lock.unlock();
        }
        if self.is_joined.load(Relaxed) != 0 && self.settled().finished == put.count() {
            self.is_joined.store(0, Relaxed);
            self.all_done.add_one();
        }
        Ok(())
    }

    /// Waits until all is done, for a moment at most; it may be done before. `false` if the deadline came
    /// first.
    pub(crate) fn wait_a_moment(&self, put: &EventCount, deadline: Deadline) -> Result<bool> {
        let Some(ledger) = self.lock(deadline)? else { return Ok(false) };
        // Whoever finishes the last item from now on sees the mark, since it takes the lock.
        self.is_joined.store(1, Relaxed);
        let (times, is_done) = (self.all_done.count(), self.settled().finished == put.count());
        drop(ledger);
        let moment = deadline.or_before(Deadline::after(MOMENT));
        Ok(is_done || self.all_done.wait_while(times, moment) || !deadline.is_past())
    }

    /// Counts the items in dead consumers' hands as finished and lost. Caller holds the ledger's lock.
    pub(crate) fn reclaim_dead(&self, taken: &EventCount) {
        let busy = self.used().filter(|slot| slot.items.load(Relaxed) > 0);
        let (alive, dead): (Vec<_>, Vec<_>) = busy.partition(|slot| slot.lock.owner() != 0);
        let in_hand: u32 = alive.iter().map(|slot| slot.items.load(Relaxed)).sum();
        let not_finished = taken.count().since(self.settled().finished);
        let lost = not_finished.saturating_sub(in_hand);
        if let Some(slot) = dead.first().filter(|_| lost > 0) {
            self.lost_by.store(slot.pid.load(Relaxed), Relaxed);
        }
        self.settle(lost, lost);
        dead.iter().for_each(|slot| slot.items.store(0, Relaxed));
    }

    /// The error that tells of the items that were lost at that moment, unless that was told before.
    pub(crate) fn tell_of_loss(&self, at: Settled) -> Option<Error> {
        let pid = self.lost_by.load(Relaxed);
        let not_told = |told: u32| at.lost.wrapping_sub(told).cast_signed();
        // The last step: a process that is killed before it has told nothing, and the next one will.
        let tell = |told| (not_told(told) > 0).then_some(at.lost);
        let told = self.told.fetch_update(Relaxed, Relaxed, tell).ok()?;
        Some(Error::ItemsLost { pid, items: not_told(told).cast_unsigned() })
    }
}
