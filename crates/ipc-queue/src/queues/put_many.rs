//! Putting many items into queues in few steps.

use std::borrow::Borrow;
use std::time::Duration;

use ipc_codec::{Message, encode_short, with_buffer};
use ipc_error::{Error, Result};
use ipc_ring::Records;
use ipc_sync::internal::Deadline;
use ipc_trace::internal::{Act, span};

use crate::queues::joinable::JoinableQueue;
use crate::queues::queue::Queue;

impl<T: Message> Queue<T> {
    /// Puts many items in, in order, and blocks while the queue is full; Python has only
    /// `for item in items: put(item)`.
    ///
    /// Many small items go in several times as fast as one by one: the queue is locked, and consumers
    /// are told, once for up to 511 items or 32 KiB of them. The items come from whatever can be
    /// iterated, by reference or by value. All of them are turned into bytes first, so their iterator
    /// must end, and their bytes fit into memory. A bounded queue takes as many as it has room for, and
    /// the others as room comes; other producers may put theirs between.
    ///
    /// If the process is killed meanwhile, the first of the items are in the queue, or none, or all.
    ///
    /// ```
    /// use ipc_common::Queue;
    ///
    /// let queue = Queue::<i32>::new()?;
    /// queue.put_many(&[1, 2, 3])?;
    /// queue.put_many(4..=100)?;
    /// let mut numbers = Vec::new();
    /// queue.get_many(&mut numbers, 1000)?;
    /// assert_eq!(numbers.iter().sum::<i32>(), 5050);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Nothing was put, and the queue is as good as before: [`Error::Encode`] if one of the items cannot
    /// be serialised, [`Error::TooLarge`] if one never fits, [`Error::Closed`] after
    /// [`close`](Queue::close).
    ///
    /// [`Error::PutInPart`] if the queue was closed after the first of them were put; it says how many.
    pub fn put_many<I>(&self, items: I) -> Result<()>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.put_all_until(items, Deadline::NEVER)
    }

    /// The same, and blocks for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if there was no room for any of them all the while, [`Error::PutInPart`] if there
    /// was for the first, and as for [`put_many`](Queue::put_many).
    pub fn put_many_timeout<I>(&self, items: I, timeout: Duration) -> Result<()>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.put_all_until(items, Deadline::after(timeout))
    }

    /// Puts in the first of these items, as many as there is room for now. Returns how many.
    ///
    /// Waits only for another process that is in the middle of a `put`, and for 100 ms at most.
    ///
    /// ```
    /// use ipc_common::Queue;
    ///
    /// let queue = Queue::<String>::bounded(2)?;
    /// let dishes = ["noodles", "rice", "tea"].map(String::from);
    /// let put = queue.try_put_many(&dishes)?;
    /// assert_eq!(dishes[put..], ["tea"]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if there is room for none, and as for [`put`](Queue::put).
    pub fn try_put_many<I>(&self, items: I) -> Result<usize>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        match self.put_many_until(items, Deadline::NOW)? {
            (0, Some(error)) => Err(error),
            (put, _) => Ok(put),
        }
    }

    fn put_all_until<I>(&self, items: I, deadline: Deadline) -> Result<()>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        match self.put_many_until(items, deadline)? {
            (_, None) => Ok(()),
            (0, Some(error)) => Err(error),
            (put, Some(error)) => Err(Error::PutInPart { put, source: Box::new(error) }),
        }
    }

    /// How many were put, and why not more.
    fn put_many_until<I>(&self, items: I, deadline: Deadline) -> Result<(usize, Option<Error>)>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        let _putting = span(Act::Put, self.ring().trace_id());
        with_buffer(|bytes| {
            // The user's code runs meanwhile, so nothing is locked.
            let mut records = Records::new(bytes);
            self.ring().push_records(&mut records, items.into_iter(), |item, bytes| {
                encode_short(item.borrow(), bytes).map(|short| (short.bytes(), short.len()))
            })?;
            Ok(self.ring().put_many(&records, deadline))
        })
    }
}

impl<T: Message> JoinableQueue<T> {
    /// As [`Queue::put_many`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::put_many`].
    pub fn put_many<I>(&self, items: I) -> Result<()>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.queue.put_many(items)
    }

    /// As [`Queue::put_many_timeout`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::put_many_timeout`].
    pub fn put_many_timeout<I>(&self, items: I, timeout: Duration) -> Result<()>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.queue.put_many_timeout(items, timeout)
    }

    /// As [`Queue::try_put_many`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::try_put_many`].
    pub fn try_put_many<I>(&self, items: I) -> Result<usize>
    where
        I: IntoIterator<Item: Borrow<T>>,
    {
        self.queue.try_put_many(items)
    }
}
