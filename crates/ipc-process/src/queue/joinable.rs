//! [`JoinableQueue`]: a queue that knows when all its items have been dealt with.

use std::fmt;
use std::process;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::codec::Message;
use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use ipc_sync::internal::{Deadline, EventCount, RobustMutex, Shared, StateGuard};

use crate::queue::Queue;

/// A consumer's items: taken, and not yet done. It holds the lock for as long as there are any, so
/// a hand with items whose lock is free is a dead one's.
#[derive(Zeroable)]
#[repr(C)]
struct Hand {
    lock: RobustMutex,
    pid: AtomicU32,
    items: AtomicU32,
}

/// The lock is held for each step by which an item comes into a hand or goes from it.
#[derive(Zeroable)]
#[repr(C)]
struct Account {
    done: EventCount,
    /// What the dead had in hand, counted as done, and not yet been said; and who it was.
    lost: AtomicU32,
    lost_by: AtomicU32,
    lock: RobustMutex,
    /// No hands above were ever used.
    used: AtomicU32,
    hands: [Hand; 128],
}

/// A [`Queue`] whose items count as unfinished from `put` until [`task_done`](Self::task_done);
/// Python's `multiprocessing.JoinableQueue`.
///
/// It has the methods of [`Queue`]. The thread that took an item says that it is done. An item that
/// cannot be decoded counts as done.
///
/// ```
/// use ipc_common::{JoinableQueue, Process};
///
/// let queue = JoinableQueue::new()?;
/// let consumer = Process::new(|| -> ipc_common::Result<()> {
///     loop {
///         let dish: String = queue.get()?;
///         println!("ate {dish}");
///         queue.task_done()?;
///     }
/// });
/// let _consumer = consumer.daemon(true).start()?;
/// queue.put(&"noodles".into())?;
/// queue.join()?; // returns when the noodles are eaten
/// # Ok::<(), ipc_common::Error>(())
/// ```
pub struct JoinableQueue<T> {
    queue: Queue<T>,
    account: Shared<Account>,
}

impl<T: Message> JoinableQueue<T> {
    /// An unbounded one; Python's `JoinableQueue()`.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory or address space for it.
    pub fn new() -> Result<Self> {
        Self::bounded(0)
    }

    /// One that is full with `most` items; Python's `JoinableQueue(most)`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn bounded(most: usize) -> Result<Self> {
        Ok(JoinableQueue { queue: Queue::bounded(most)?, account: Shared::zeroed()? })
    }

    /// As [`Queue::put`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::put`].
    pub fn put(&self, item: &T) -> Result<()> {
        self.queue.put(item)
    }

    /// As [`Queue::try_put`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::try_put`].
    pub fn try_put(&self, item: &T) -> Result<()> {
        self.queue.try_put(item)
    }

    /// As [`Queue::put_timeout`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::put_timeout`].
    pub fn put_timeout(&self, item: &T, timeout: Duration) -> Result<()> {
        self.queue.put_timeout(item, timeout)
    }

    /// As [`Queue::get`]: the item is in this thread's hands until [`task_done`](Self::task_done).
    ///
    /// # Errors
    ///
    /// As for [`Queue::get`], and [`Error::TooManyConsumers`] if 128 threads have items in hand.
    pub fn get(&self) -> Result<T> {
        self.get_until(Deadline::NEVER)
    }

    /// As [`Queue::try_get`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::try_get`] and [`get`](Self::get).
    pub fn try_get(&self) -> Result<T> {
        self.get_until(Deadline::NOW)
    }

    /// As [`Queue::get_timeout`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::get_timeout`] and [`get`](Self::get).
    pub fn get_timeout(&self, timeout: Duration) -> Result<T> {
        self.get_until(Deadline::after(timeout))
    }

    /// As [`Queue::len`]: items in somebody's hands are not in the queue any more.
    #[doc(alias = "qsize")]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// As [`Queue::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// As [`Queue::is_full`].
    pub fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// As [`Queue::close`].
    pub fn close(&self) {
        self.queue.close();
    }

    fn get_until(&self, deadline: Deadline) -> Result<T> {
        let item = self.queue.get_until(deadline, || self.take_in_hand());
        match item {
            Err(Error::Decode(_)) => self.task_done().and(item),
            _ => item,
        }
    }

    /// Says that an item which this thread took has been dealt with; Python's `task_done()`.
    ///
    /// # Errors
    ///
    /// [`Error::NothingInHand`] if it has none: `task_done` was called once too often.
    pub fn task_done(&self) -> Result<()> {
        let hand = self.hands().find(|hand| hand.lock.is_mine()).ok_or(Error::NothingInHand)?;
        let _account = StateGuard::take(&self.account.lock)?;
        self.account.done.add_one();
        if hand.items.fetch_sub(1, Relaxed) == 1 {
            hand.lock.unlock();
        }
        Ok(())
    }

    /// Blocks until every item that was put has been dealt with; Python's `join()`.
    ///
    /// # Errors
    ///
    /// [`Error::ItemsLost`] if a consumer died with items in its hands, where Python would wait for
    /// ever. It is said once, and they count as dealt with from then on.
    pub fn join(&self) -> Result<()> {
        self.join_until(Deadline::NEVER)
    }

    /// Blocks for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] if items are left then (at once, if some of them are in this thread's own
    /// hands), and as for [`join`](Self::join).
    pub fn join_timeout(&self, timeout: Duration) -> Result<()> {
        self.join_until(Deadline::after(timeout))
    }

    fn join_until(&self, deadline: Deadline) -> Result<()> {
        let (put, taken) = (self.queue.ring.put_count(), self.queue.ring.taken_count());
        loop {
            let seen = taken.count();
            let done = self.account.done.count(); // before what was put: it is never more
            let items = put.count().since(done);
            let unfinished = Error::Unfinished { items };
            let busy = self.hands().find(|hand| hand.items.load(Relaxed) > 0);
            match busy {
                _ if items == 0 => {}
                // Nobody else will finish those.
                Some(hand) if hand.lock.is_mine() => return Err(unfinished),
                // Its lock becomes free when it has done with all, or when it dies.
                Some(hand) => {
                    drop(StateGuard::take_until(&hand.lock, deadline, || true)?.ok_or(unfinished)?)
                }
                None if seen == put.count() => {}
                None if taken.wait_for_more(seen, deadline) => continue,
                None => return Err(unfinished),
            }
            let account = StateGuard::take_until(&self.account.lock, deadline, || true)?;
            let _account = account.ok_or(Error::Unfinished { items })?;
            self.write_off();
            match self.account.lost.swap(0, Relaxed) {
                0 if items == 0 => return Ok(()),
                0 => {}
                lost => {
                    let pid = self.account.lost_by.load(Relaxed);
                    return Err(Error::ItemsLost { pid, items: lost });
                }
            }
        }
    }

    /// Counts what the dead had in their hands as done. For who has the account's lock.
    fn write_off(&self) {
        let taken = self.queue.ring.taken_count();
        let Account { done, lost, lost_by, .. } = &*self.account;
        let (alive, dead): (Vec<_>, Vec<_>) = self
            .hands()
            .filter(|hand| hand.items.load(Relaxed) > 0)
            .partition(|hand| hand.lock.owner() != 0);
        let in_hand: u32 = alive.iter().map(|hand| hand.items.load(Relaxed)).sum();
        let missing = taken.count().since(done.count()).saturating_sub(in_hand);
        if let Some(hand) = dead.first().filter(|_| missing > 0) {
            lost_by.store(hand.pid.load(Relaxed), Relaxed);
        }
        lost.fetch_add(missing, Relaxed);
        (0..missing).for_each(|_| done.add_one());
        dead.iter().for_each(|hand| hand.items.store(0, Relaxed));
    }

    /// Notes that this thread takes an item, and returns what to keep until it has.
    fn take_in_hand(&self) -> Result<StateGuard<'_>> {
        let account = StateGuard::take(&self.account.lock)?;
        let hand = match self.hands().find(|hand| hand.lock.is_mine()) {
            Some(mine) => mine,
            None => match self.free_hand()? {
                Some(free) => free,
                None => {
                    self.write_off();
                    self.free_hand()?.ok_or(Error::TooManyConsumers)?
                }
            },
        };
        hand.pid.store(process::id(), Relaxed);
        hand.items.fetch_add(1, Relaxed);
        Ok(account)
    }

    /// One that has no items, and whose lock is this thread's from now on.
    fn free_hand(&self) -> Result<Option<&Hand>> {
        for (n, hand) in (1..).zip(&self.account.hands) {
            if hand.items.load(Relaxed) == 0 && hand.lock.lock(Deadline::NOW)?.is_some() {
                self.account.used.fetch_max(n, Relaxed);
                return Ok(Some(hand));
            }
        }
        Ok(None)
    }
}

impl<T> JoinableQueue<T> {
    fn hands(&self) -> impl Iterator<Item = &Hand> {
        self.account.hands.iter().take(self.account.used.load(Relaxed) as usize)
    }
}

impl<T> Drop for JoinableQueue<T> {
    fn drop(&mut self) {
        // The list of held locks of a thread with items in hand leads here, so the memory has to
        // stay.
        if self.hands().any(|hand| hand.lock.is_held_here()) {
            self.account.stay_mapped();
        }
    }
}

impl<T> fmt::Debug for JoinableQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.queue, f)
    }
}
