//! [`JoinableQueue`]: a queue that knows when all its items have been dealt with.

use std::fmt;
use std::ops::Deref;
use std::process;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::counter::{Counter, ONE};
use crate::deadline::Deadline;
use crate::memory::{Shareable, Shared};
use crate::queue::Queue;
use crate::robust::{Locked, RobustLock};
use crate::{Error, Result};

/// A consumer's items: taken, and not yet done. It holds the lock for as long as there are any, so
/// a hand with items whose lock is free is a dead one's.
#[repr(C)]
struct Hand {
    lock: RobustLock,
    pid: AtomicU32,
    items: AtomicU32,
}

/// The lock is held for each step by which an item comes into a hand or goes from it.
#[repr(C)]
struct Account {
    done: Counter,
    lock: RobustLock,
    hands: [Hand; 64],
}

// SAFETY: only atomics and locks, for which zero bytes are valid.
unsafe impl Shareable for Account {}

/// A [`Queue`] whose items count as unfinished from `put` until [`task_done`](Self::task_done);
/// Python's `multiprocessing.JoinableQueue`.
///
/// It has all methods of [`Queue`]. The thread that took an item says that it is done.
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

impl<T: Serialize + DeserializeOwned> JoinableQueue<T> {
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

    /// As [`Queue::get`]: the item is in this thread's hands until [`task_done`](Self::task_done).
    ///
    /// # Errors
    ///
    /// As for [`Queue::get`].
    pub fn get(&self) -> Result<T> {
        self.queue.get_until(Deadline::NEVER, || self.take_in_hand())
    }

    /// As [`Queue::try_get`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::try_get`].
    pub fn try_get(&self) -> Result<T> {
        self.queue.get_until(Deadline::NOW, || self.take_in_hand())
    }

    /// As [`Queue::get_timeout`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::get_timeout`].
    pub fn get_timeout(&self, timeout: Duration) -> Result<T> {
        self.queue.get_until(Deadline::after(timeout), || self.take_in_hand())
    }

    /// Says that an item which this thread took has been dealt with; Python's `task_done()`.
    ///
    /// # Errors
    ///
    /// [`Error::NothingInHand`] if it has none: `task_done` was called once too often.
    pub fn task_done(&self) -> Result<()> {
        let hand = self.hands().find(|hand| hand.lock.is_mine()).ok_or(Error::NothingInHand)?;
        let _account = Locked::enter(&self.account.lock, Deadline::NEVER, || true)?;
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
    /// [`Error::Unfinished`] if items are left then, and as for [`join`](Self::join).
    pub fn join_timeout(&self, timeout: Duration) -> Result<()> {
        self.join_until(Deadline::after(timeout))
    }

    fn join_until(&self, deadline: Deadline) -> Result<()> {
        let (put, taken) = self.queue.ring.counters();
        loop {
            let seen = taken.count();
            let unfinished = put.count().wrapping_sub(self.account.done.count()) / ONE;
            if unfinished == 0 {
                return Ok(());
            }
            let busy = self.hands().find(|hand| hand.items.load(Relaxed) > 0);
            let dead = match busy {
                // Nobody else will finish those.
                Some(hand) if hand.lock.is_mine() => None,
                // Its lock becomes free when it has done with all, or when it dies.
                Some(hand) => Locked::enter(&hand.lock, deadline, || true)?
                    .map(|_lock| (hand.items.load(Relaxed) > 0).then(|| hand.pid.load(Relaxed))),
                None if seen == put.count() => Some(Some(0)),
                None => taken.wait_while(seen, deadline).then_some(None),
            };
            let lost = match dead {
                Some(Some(pid)) => self.write_off(deadline)?.map(|items| (pid, items)),
                Some(None) => Some((0, 0)),
                None => None,
            };
            match lost {
                Some((_, 0)) => {}
                Some((pid, items)) => return Err(Error::ItemsLost { pid, items }),
                None => return Err(Error::Unfinished { items: unfinished }),
            }
        }
    }

    /// Counts what the dead had in their hands as done, and tells how much that was. `None` if the
    /// deadline passed first.
    fn write_off(&self, deadline: Deadline) -> Result<Option<u32>> {
        let (_, taken) = self.queue.ring.counters();
        let Account { done, lock, .. } = &*self.account;
        let Some(_account) = Locked::enter(lock, deadline, || true)? else { return Ok(None) };
        let (alive, dead): (Vec<_>, Vec<_>) = self.hands().partition(|hand| hand.lock.owner() != 0);
        let in_hand: u32 = alive.iter().map(|hand| hand.items.load(Relaxed)).sum();
        let lost = (taken.count().wrapping_sub(done.count()) / ONE).saturating_sub(in_hand);
        (0..lost).for_each(|_| done.add_one());
        dead.iter().for_each(|hand| hand.items.store(0, Relaxed));
        Ok(Some(lost))
    }

    /// Notes that this thread takes an item, and returns what to keep until it has. If all hands are
    /// full, it goes without: then a loss is noticed when the queue is empty, and not before.
    fn take_in_hand(&self) -> Result<Option<Locked<'_>>> {
        let account = Locked::enter(&self.account.lock, Deadline::NEVER, || true)?;
        let is_free = |hand: &&Hand| {
            if hand.items.load(Relaxed) > 0 || !matches!(hand.lock.lock(Deadline::NOW), Ok(Some(_)))
            {
                return false;
            }
            if hand.items.load(Relaxed) > 0 {
                hand.lock.unlock(); // of one who died meanwhile
                return false;
            }
            true
        };
        let mine = self.hands().find(|hand| hand.lock.is_mine());
        if let Some(hand) = mine.or_else(|| self.hands().find(is_free)) {
            hand.pid.store(process::id(), Relaxed);
            hand.items.fetch_add(1, Relaxed);
        }
        Ok(account)
    }

    fn hands(&self) -> impl Iterator<Item = &Hand> {
        self.account.hands.iter()
    }
}

impl<T> Deref for JoinableQueue<T> {
    type Target = Queue<T>;
    fn deref(&self) -> &Queue<T> {
        &self.queue
    }
}

impl<T> fmt::Debug for JoinableQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.queue, f)
    }
}
