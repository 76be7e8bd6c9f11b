//! A pool's functions for many items at once: `map`, `imap` and the like.

use std::collections::VecDeque;
use std::iter;
use std::slice;

use crate::async_result::AsyncResult;
use crate::owner::pending_task::PendingTask;
use crate::pool::Pool;
use ipc_error::{Error, Result};
use ipc_queue::Message;
use ipc_sync::internal::Deadline;
use ipc_worker::shared::task_queue::Work;

/// The most tasks of an `imap` that are in the pool at a time, for each worker.
const WINDOW: usize = 16;

impl Pool {
    /// Has `function` called with each item, and returns the results in their order; Python's
    /// `map(function, items)`. Blocks until all are there.
    ///
    /// The items are sent in chunks, four for each worker, and a chunk is one task.
    ///
    /// # Errors
    ///
    /// That of the first task that failed, and as for [`apply_async`](Pool::apply_async).
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// assert_eq!(pool.map(|n: u64| n * n, 1..=4)?, [1, 4, 9, 16]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn map<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> Result<Vec<R>> {
        self.give_all(Work::Function(function), items, None)?.get()
    }

    /// The same, and does not wait; Python's `map_async(function, items)`.
    ///
    /// # Errors
    ///
    /// As for [`apply_async`](Pool::apply_async).
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// let squares = pool.map_async(|n: u64| n * n, 1..=4)?;
    /// // … do something else meanwhile …
    /// assert_eq!(squares.get()?, [1, 4, 9, 16]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn map_async<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> Result<AsyncResult<Vec<R>>> {
        self.give_all(Work::Function(function), items, None)
    }

    /// The same with chunks of `size` items; Python's `map(function, items, size)`.
    ///
    /// # Errors
    ///
    /// As for [`map`](Pool::map), and [`Error::Invalid`] for a size of 0.
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// assert_eq!(pool.map_chunks(|n: u64| n * n, 1..=4, 2)?, [1, 4, 9, 16]); // two tasks
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn map_chunks<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        size: usize,
    ) -> Result<Vec<R>> {
        self.give_all(Work::Function(function), items, Some(size))?.get()
    }

    /// Has `function` called with each item, and yields the results in their order as they come;
    /// Python's `imap(function, items)`.
    ///
    /// Items are taken from their iterator as needed: while a result is waited for, and at most 16 for
    /// each worker ahead of it. An error stands in its item's place.
    ///
    /// ```
    /// let pool = ipc_common::Pool::new(2)?;
    /// let mut sum = 0;
    /// for square in pool.imap(|n: u64| n * n, 0..1000) {
    ///     sum += square?; // the others are computed meanwhile
    /// }
    /// assert_eq!(sum, 332_833_500);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn imap<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R>> {
        self.stream(Work::Function(function), items, 1).map(|(_, result)| result)
    }

    /// The same, in the order in which the tasks are done; Python's
    /// `imap_unordered(function, items)`.
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// let squares = pool.imap_unordered(|n: u64| n * n, 1..=4);
    /// let sum: u64 = squares.sum::<ipc_common::Result<_>>()?;
    /// assert_eq!(sum, 30);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn imap_unordered<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R>> {
        self.imap_unordered_indexed(function, items).map(|(_, result)| result)
    }

    /// The same, and each result comes with its item's place among the items: so an error tells which
    /// item it belongs to.
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// let files = ["/etc/passwd", "/nonexistent"];
    /// let read = |path: String| std::fs::read(path).map_err(|e| e.to_string());
    /// for (place, size) in pool.imap_unordered_indexed(read, files.map(String::from)) {
    ///     println!("{}: {:?}", files[place], size?.map(|bytes| bytes.len()));
    /// }
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn imap_unordered_indexed<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = (usize, Result<R>)> {
        self.stream(Work::Function(function), items, usize::MAX)
    }

    /// Gives the items in chunks of `size`, or four chunks for each worker.
    pub(crate) fn give_all<A: Message, R: Message>(
        &self,
        work: Work<A, R>,
        items: impl IntoIterator<Item = A>,
        size: Option<usize>,
    ) -> Result<AsyncResult<Vec<R>>> {
        let items: Vec<A> = items.into_iter().collect();
        let size = size.unwrap_or_else(|| items.len().div_ceil(4 * self.workers()).max(1));
        if size == 0 {
            return Err(Error::Invalid("cannot map in chunks of 0 items; 1 is the smallest"));
        }
        let submit = |chunk| PendingTask::submit(self.dispatcher(), work, None, chunk);
        items.chunks(size).map(submit).collect::<Result<_>>().map(AsyncResult::of_all)
    }

    /// Yields the first result that is there of the `among` oldest tasks, with its item's place.
    pub(crate) fn stream<A: Message, R: Message>(
        &self,
        work: Work<A, R>,
        items: impl IntoIterator<Item = A>,
        among: usize,
    ) -> impl Iterator<Item = (usize, Result<R>)> {
        let mut items = items.into_iter().enumerate().fuse();
        let mut tasks = VecDeque::new();
        let dispatcher = self.dispatcher();
        let first_done = move |tasks: &VecDeque<(usize, Result<PendingTask>)>, deadline| {
            // One that could not be given is done. So is the first, to say what is wrong, if none is.
            let oldest = tasks.iter().take(among);
            let oldest = oldest.map(|(_, task)| task.as_ref().map_or(&[][..], slice::from_ref));
            PendingTask::first_done(dispatcher, oldest, deadline).unwrap_or(Some(0))
        };
        iter::from_fn(move || {
            // One item is taken for each that is yielded, and more while none can be yielded.
            while tasks.len() < WINDOW * self.workers()
                && let Some((place, item)) = items.next()
            {
                tasks.push_back((place, PendingTask::submit(dispatcher, work, None, &[item])));
                if first_done(&tasks, Deadline::NOW).is_some() {
                    break;
                }
            }
            if tasks.is_empty() {
                return None;
            }
            let next = first_done(&tasks, Deadline::NEVER)?;
            let (place, task) = tasks.remove(next)?;
            Some((place, task.and_then(|task| AsyncResult::of(task).get())))
        })
    }
}
