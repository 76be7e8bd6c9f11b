//! Putting items into queues.

use std::borrow::Borrow;
use std::time::Duration;

#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_sync::internal::Deadline;
use ipc_trace::internal::{Act, span};
use serde::Serialize;

use crate::queues::joinable::JoinableQueue;
use crate::queues::queue::Queue;
use ipc_codec::Message;
use ipc_codec::encode_but_many_bytes;
use ipc_codec::with_buffer;

impl<T: Message> Queue<T> {
    /// Puts an item in, and blocks while the queue is full; Python's `put(item)`.
    ///
    /// # Errors
    ///
    /// Nothing was put, and the queue is as good as before: [`Error::Encode`] if the item cannot be
    /// serialised, [`Error::TooLarge`] if it never fits, [`Error::Closed`] after
    /// [`close`](Queue::close).
    pub fn put(&self, item: &T) -> Result<()> {
        self.put_until(item, Deadline::NEVER)
    }

    /// The same for what an item borrows as: a `&str` where items are `String`s, a slice where they
    /// are `Vec`s. So nothing is copied to make one.
    ///
    /// ```
    /// use ipc_common::Queue;
    ///
    /// let (names, rows) = (Queue::<String>::new()?, Queue::<Vec<u32>>::new()?);
    /// names.put_borrowed("Ada")?;
    /// rows.put_borrowed(&[1, 2, 3][..2])?;
    /// assert_eq!((names.get()?, rows.get()?), ("Ada".to_string(), vec![1, 2]));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`put`](Queue::put).
    pub fn put_borrowed<B>(&self, item: &B) -> Result<()>
    where
        T: Borrow<B>,
        B: Serialize + ?Sized,
    {
        self.put_until(item, Deadline::NEVER)
    }

    /// Puts an item in if there is room now; Python's `put_nowait(item)`.
    ///
    /// Waits only for another process that is in the middle of a `put`, and for 100 ms at most.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if there is none, and as for [`put`](Queue::put).
    #[doc(alias = "put_nowait")]
    pub fn try_put(&self, item: &T) -> Result<()> {
        self.put_until(item, Deadline::NOW)
    }

    /// Puts an item in, and blocks for at most `timeout`; Python's `put(item, timeout=…)`.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if there was no room all the while, and as for [`put`](Queue::put).
    pub fn put_timeout(&self, item: &T, timeout: Duration) -> Result<()> {
        self.put_until(item, Deadline::after(timeout))
    }

    fn put_until<B: Serialize + ?Sized>(&self, item: &B, deadline: Deadline) -> Result<()> {
        let _putting = span(Act::Put, self.ring().trace_id());
        with_buffer(|bytes| {
            // The user's code runs meanwhile and may have locked something of its own: so there is
            // no waiting in it. If the ring is busy or full, the bytes go into the buffer.
            let mut place = None;
            let short = encode_but_many_bytes(item, bytes, &mut |head, many| {
                let Some(mut reservation) = self.ring().try_reserve(head.len() + many.len())?
                else {
                    return Ok(false);
                };
                reservation.write(head);
                reservation.write(many);
                place = Some(reservation);
                Ok(true)
            })?;
            match place {
                Some(reservation) => {
                    reservation.commit();
                    Ok(())
                }
                None if short.is_empty() => self.ring().put(bytes, deadline),
                None => self.ring().put_short(short.bytes(), short.len(), deadline),
            }
        })
    }
}

impl<T: Message> JoinableQueue<T> {
    /// As [`Queue::put`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::put`].
    pub fn put(&self, item: &T) -> Result<()> {
        self.queue.put(item)
    }

    /// As [`Queue::put_borrowed`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::put`].
    pub fn put_borrowed<B>(&self, item: &B) -> Result<()>
    where
        T: Borrow<B>,
        B: Serialize + ?Sized,
    {
        self.queue.put_borrowed(item)
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
}
