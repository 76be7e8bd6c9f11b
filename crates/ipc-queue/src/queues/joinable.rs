//! [`JoinableQueue`]: a queue that knows when all its items have been dealt with.

use std::fmt;
use std::time::Duration;

use ipc_error::{Error, Result};
use ipc_memory::Shared;
use ipc_sync::internal::{Deadline, StateGuard};
use ipc_trace::internal::{Act, made, span};

use crate::queues::ledger::Ledger;
use crate::queues::queue::Queue;
use ipc_codec::Message;

/// A [`Queue`] whose items count as unfinished from `put` until [`task_done`](Self::task_done);
/// Python's `multiprocessing.JoinableQueue`.
///
/// It has the methods of [`Queue`]. The thread that took an item says that it is done. An item that
/// cannot be decoded, or whose `Deserialize` panics, counts as done.
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
    pub(crate) queue: Queue<T>,
    pub(crate) ledger: Shared<Ledger>,
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
        let queue = JoinableQueue { queue: Queue::bounded(most)?, ledger: Shared::zeroed()? };
        made(queue.queue.ring().trace_id(), "JoinableQueue");
        Ok(queue)
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

    /// As [`Queue::len`]: items that were taken and are unfinished are not in it.
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
        self.queue
            .take_until(deadline, || Ok((self.take_in_hand(1, deadline)?, FinishOnDrop(self))))
    }

    /// Notes that this thread takes items. The guard is to be held until they are taken.
    pub(crate) fn take_in_hand(&self, items: u32, deadline: Deadline) -> Result<StateGuard<'_>> {
        let Some(ledger) = self.ledger.lock(deadline)? else { return Err(Error::Empty) };
        self.ledger.take_in_hand(items, self.queue.ring().taken_count())?;
        Ok(ledger)
    }

    /// Says that an item which this thread took has been dealt with; Python's `task_done()`.
    ///
    /// # Errors
    ///
    /// [`Error::NothingInHand`] if it has none: `task_done` was called once too often.
    pub fn task_done(&self) -> Result<()> {
        self.task_done_many(1)
    }

    /// Blocks until every item that was put has been dealt with; Python's `join()`.
    ///
    /// # Errors
    ///
    /// [`Error::ItemsLost`] if a consumer died with items in its hands, where Python would wait for
    /// ever. It is said once, and they count as dealt with from then on. (A process that is killed in
    /// `join` has been told nothing: the next one is.)
    pub fn join(&self) -> Result<()> {
        self.join_until(Deadline::NEVER)
    }

    /// Blocks for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] if items are left then (at once, if some of them are in this thread's own
    /// hands), and as for [`join`](Self::join).
    ///
    /// ```
    /// use std::time::Duration;
    /// use ipc_common::{Error, JoinableQueue};
    ///
    /// let queue = JoinableQueue::new()?;
    /// queue.put(&1)?;
    /// let left = queue.join_timeout(Duration::from_millis(10));
    /// assert!(matches!(left, Err(Error::Unfinished { items: 1 })));
    /// queue.get()?;
    /// queue.task_done()?;
    /// queue.join_timeout(Duration::from_millis(10))?;
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn join_timeout(&self, timeout: Duration) -> Result<()> {
        self.join_until(Deadline::after(timeout))
    }

    fn join_until(&self, deadline: Deadline) -> Result<()> {
        let _waiting = span(Act::Wait, self.queue.ring().trace_id());
        let (put, taken) = (self.queue.ring().put_count(), self.queue.ring().taken_count());
        let mut finished_before = None;
        loop {
            let settled = self.ledger.settled(); // before what was put: it is never more
            if let Some(lost) = self.ledger.tell_of_loss(settled) {
                return Err(lost);
            }
            let items = put.count().since(settled.finished);
            if items == 0 {
                return Ok(());
            }
            let before = finished_before.replace(settled.finished);
            let has_progressed = before.is_some_and(|before| before != settled.finished);
            if !self.wait_for_consumer(deadline, has_progressed)? {
                return Err(Error::Unfinished { items });
            }
            let ledger = self.ledger.lock(deadline)?;
            let _ledger = ledger.ok_or(Error::Unfinished { items })?;
            self.ledger.reclaim_dead(taken);
        }
    }

    /// Waits until all is done, or for a moment if items are being finished. Then until a consumer takes
    /// an item, has finished all that it had, or dies with them. `false` if the deadline comes first, or
    /// if it would be this thread's turn.
    fn wait_for_consumer(&self, deadline: Deadline, has_progressed: bool) -> Result<bool> {
        let (put, taken) = (self.queue.ring().put_count(), self.queue.ring().taken_count());
        let seen = taken.count();
        match self.ledger.busy() {
            Some(slot) if slot.lock.is_mine() => Ok(false),
            Some(slot) if slot.lock.owner() == 0 => Ok(true),
            _ if has_progressed && deadline != Deadline::NOW => {
                self.ledger.wait_a_moment(put, deadline)
            }
            // Its lock becomes free when the consumer has finished all, or when it dies.
            Some(slot) => Ok(StateGuard::take_until(&slot.lock, deadline, || true)?.is_some()),
            None => Ok(seen == put.count() || taken.wait_for_more(seen, deadline)),
        }
    }
}

/// Finishes this thread's last item, of which there is nothing to be had.
struct FinishOnDrop<'a, T: Message>(&'a JoinableQueue<T>);

impl<T: Message> Drop for FinishOnDrop<'_, T> {
    fn drop(&mut self) {
        // It fails in a signal handler that has interrupted a call of the same queue; then the item
        // stays in hand.
        let _ = self.0.task_done();
    }
}

impl<T> Drop for JoinableQueue<T> {
    fn drop(&mut self) {
        // The list of held locks of a thread with items in hand leads here, so the memory has to
        // stay.
        if self.ledger.is_used_here() {
            self.ledger.stay_mapped();
        }
    }
}

impl<T> fmt::Debug for JoinableQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.queue, f)
    }
}
