//! Getting many items out of queues in few steps.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use ipc_codec::{
    Message, NumberDecoder, body_of_bytes, decode, decode_bytes, decode_short, with_buffer,
};
use ipc_error::{Error, Result};
use ipc_ring::{Item, Items as RecordItems, Records};
use ipc_sync::internal::Deadline;
use ipc_trace::internal::{Act, span};

use crate::queues::joinable::JoinableQueue;
use crate::queues::queue::Queue;

impl<T: Message> Queue<T> {
    /// Waits for the first item, and takes it and those that are there behind it, `most` in all. They are
    /// appended to `into`, in order. Returns how many; Python has only `get()`.
    ///
    /// Many small items come out several times as fast as one by one. Once the first item has come this
    /// does not wait for others, so that they may be fewer than `most`.
    ///
    /// If the process is killed meanwhile, those that it has taken are lost with it.
    ///
    /// ```
    /// use ipc_common::{Error, Process, Queue};
    ///
    /// let queue = Queue::<i32>::new()?;
    /// let child = Process::new(|| -> ipc_common::Result<()> {
    ///     queue.put_many(1..=100)?;
    ///     queue.close();
    ///     Ok(())
    /// });
    /// let _child = child.start()?;
    /// let (mut sum, mut numbers) = (0, Vec::new());
    /// while match queue.get_many(&mut numbers, 64) {
    ///     Err(Error::Closed) => false,
    ///     got => got? > 0,
    /// } {
    ///     sum += numbers.drain(..).sum::<i32>();
    /// }
    /// assert_eq!(sum, 5050);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the queue is closed and empty. [`Error::Decode`] if one of the items or
    /// several are no `T` after all: those are gone, and all others that were taken are in `into`.
    pub fn get_many(&self, into: &mut Vec<T>, most: usize) -> Result<usize> {
        self.get_many_until(into, most, Deadline::NEVER)
    }

    /// The same, if there is an item now.
    ///
    /// Waits only for another process that is in the middle of a `get`, and for 100 ms at most.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there is none, and as for [`get_many`](Queue::get_many).
    pub fn try_get_many(&self, into: &mut Vec<T>, most: usize) -> Result<usize> {
        self.get_many_until(into, most, Deadline::NOW)
    }

    /// The same, and blocks for at most `timeout`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there was none all the while, and as for [`get_many`](Queue::get_many).
    pub fn get_many_timeout(
        &self,
        into: &mut Vec<T>,
        most: usize,
        timeout: Duration,
    ) -> Result<usize> {
        self.get_many_until(into, most, Deadline::after(timeout))
    }

    fn get_many_until(&self, into: &mut Vec<T>, most: usize, deadline: Deadline) -> Result<usize> {
        self.take_many_until(into, most, deadline, &Taking { taking: |_| Ok(()), is_bad: || {} })
    }

    /// Step by step: what there is may be more than can be one step.
    pub(crate) fn take_many_until<G>(
        &self,
        into: &mut Vec<T>,
        most: usize,
        deadline: Deadline,
        taking: &Taking<impl Fn(u32) -> Result<G>, impl Fn()>,
    ) -> Result<usize> {
        let _getting = span(Act::Get, self.ring().trace_id());
        let (mut taken, mut deadline) = (0, deadline);
        while taken < most {
            let step = with_buffer(|bytes| {
                let mut records = Records::new(bytes);
                let count = self.take_step(&mut records, most - taken, deadline, taking, into)?;
                decode_all(&records, into, &taking.is_bad)?;
                Ok(count)
            });
            match step {
                Ok(count) => taken += count,
                Err(error) if taken == 0 || matches!(error, Error::Decode(_)) => return Err(error),
                Err(_) => break, // the next call will say it again
            }
            if self.is_empty() {
                break;
            }
            deadline = Deadline::NOW;
        }
        Ok(taken)
    }

    /// Takes the first items as one step: many bytes at once to `into`, others to `records`.
    fn take_step<G>(
        &self,
        records: &mut Records<'_>,
        most: usize,
        deadline: Deadline,
        Taking { taking, is_bad }: &Taking<impl Fn(u32) -> Result<G>, impl Fn()>,
        into: &mut Vec<T>,
    ) -> Result<usize> {
        let several = self.ring().several(most, deadline)?;
        let count = several.count();
        let many =
            body_of_bytes(several.first().bytes()).filter(|_| count == 1).map(ipc_memory::copy);
        if many.is_none() {
            several.copy_to(records)?;
        }
        let until_taken = taking(count)?;
        several.commit();
        drop(until_taken);
        if let Some(many) = many {
            into.push(decode_bytes(many).inspect_err(|_| is_bad())?);
        }
        Ok(count as usize)
    }
}

/// What is to be done beside.
pub(crate) struct Taking<F, B> {
    /// When it is certain that so many items can be taken. What it returns is dropped when they are.
    pub taking: F,
    /// When one of them cannot be decoded.
    pub is_bad: B,
}

/// Decodes all items that can be, and then says what was wrong with the first of the others.
fn decode_all<T: Message>(
    records: &Records<'_>,
    into: &mut Vec<T>,
    is_bad: &impl Fn(),
) -> Result<()> {
    into.reserve(records.count());
    let (before, mut bad) = (into.len(), 0);
    let mut first_bad: Option<Result<Error, Box<dyn Any + Send>>> = None;
    loop {
        let known = into.len() - before + bad;
        // Taken items that no code has seen yet must not go with a panic.
        let decoded = panic::catch_unwind(AssertUnwindSafe(|| decode_from(known, records, into)));
        let error = match decoded {
            Ok(Ok(())) => break,
            Ok(Err(error)) => Ok(error),
            Err(panic) => Err(panic),
        };
        is_bad();
        bad += 1;
        first_bad.get_or_insert(error);
    }
    match first_bad {
        None => Ok(()),
        Some(Ok(error)) => Err(error),
        Some(Err(panic)) => panic::resume_unwind(panic),
    }
}

/// Decodes the items behind the first `known` ones, up to one that is no `T`.
fn decode_from<T: Message>(known: usize, records: &Records<'_>, into: &mut Vec<T>) -> Result<()> {
    let mut items = records.items();
    if let Some(last) = known.checked_sub(1) {
        items.nth(last);
    }
    loop {
        decode_numbers(&mut items, into)?;
        into.push(match items.next() {
            Some(Item::Short(bytes, len)) => decode_short(bytes, len)?,
            Some(Item::Long(bytes)) => decode(bytes)?,
            None => return Ok(()),
        });
    }
}

/// Decodes the items up to one that is no short number.
fn decode_numbers<T: Message>(items: &mut RecordItems<'_>, into: &mut Vec<T>) -> Result<()> {
    let (mut numbers, mut rest) = (NumberDecoder::default(), items.clone());
    while let Some(Item::Short(bytes, len)) = rest.next()
        && let Some(number) = numbers.decode(bytes, len)
    {
        into.push(number?);
        *items = rest.clone();
    }
    Ok(())
}

impl<T: Message> JoinableQueue<T> {
    /// As [`Queue::get_many`]: the items are in this thread's hands until
    /// [`task_done`](Self::task_done) for each, or [`task_done_many`](Self::task_done_many).
    ///
    /// # Errors
    ///
    /// As for [`Queue::get_many`], and [`Error::TooManyConsumers`] if 128 threads have items in hand.
    pub fn get_many(&self, into: &mut Vec<T>, most: usize) -> Result<usize> {
        self.get_many_until(into, most, Deadline::NEVER)
    }

    /// As [`Queue::try_get_many`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::try_get_many`] and [`get_many`](Self::get_many).
    pub fn try_get_many(&self, into: &mut Vec<T>, most: usize) -> Result<usize> {
        self.get_many_until(into, most, Deadline::NOW)
    }

    /// As [`Queue::get_many_timeout`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::get_many_timeout`] and [`get_many`](Self::get_many).
    pub fn get_many_timeout(
        &self,
        into: &mut Vec<T>,
        most: usize,
        timeout: Duration,
    ) -> Result<usize> {
        self.get_many_until(into, most, Deadline::after(timeout))
    }

    fn get_many_until(&self, into: &mut Vec<T>, most: usize, deadline: Deadline) -> Result<usize> {
        let taking = |items| self.take_in_hand(items, deadline);
        // It fails in a signal handler that has interrupted a call of the same queue; then the item
        // stays in hand.
        let is_bad = || drop(self.task_done());
        self.queue.take_many_until(into, most, deadline, &Taking { taking, is_bad })
    }

    /// Says that so many items which this thread took have been dealt with. It costs no more than
    /// [`task_done`](Self::task_done) for one.
    ///
    /// ```
    /// let queue = ipc_common::JoinableQueue::<i32>::new()?;
    /// queue.put_many(0..1000)?;
    /// let mut numbers = Vec::new();
    /// while !queue.is_empty() {
    ///     let got = queue.get_many(&mut numbers, 64)?;
    ///     queue.task_done_many(got)?;
    /// }
    /// queue.join()?;
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NothingInHand`] if it has fewer; then none of them is done.
    pub fn task_done_many(&self, items: usize) -> Result<()> {
        self.ledger.finish(items, self.queue.ring().put_count())
    }
}
