//! A pool's functions for many items at once: `map`, `imap` and the like.

use std::collections::VecDeque;
use std::iter;

use crate::async_result::AsyncResult;
use crate::owner::pending_task::PendingTask;
use crate::pool::Pool;
use ipc_error::{Error, Result};
use ipc_process::Message;
use ipc_sync::internal::Deadline;

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
        let items: Vec<A> = items.into_iter().collect();
        let size = items.len().div_ceil(4 * self.workers()).max(1);
        self.map_chunks(function, items, size)
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
        if size == 0 {
            return Err(Error::Invalid("cannot map in chunks of 0 items; 1 is the smallest"));
        }
        let items: Vec<A> = items.into_iter().collect();
        let tasks =
            items.chunks(size).map(|chunk| PendingTask::submit(self.dispatcher(), function, chunk));
        let tasks: Vec<PendingTask<'_>> = tasks.collect::<Result<_>>()?;
        let mut results = Vec::with_capacity(items.len());
        for task in tasks {
            task.get(|result| {
                results.push(result?);
                Ok(())
            })?;
        }
        Ok(results)
    }

    /// Has `function` called with each item, and yields the results in their order as they come;
    /// Python's `imap(function, items)`.
    ///
    /// Items are taken from their iterator as needed: while a result is waited for, and at most 16 for
    /// each worker ahead of it. An error stands in its item's place.
    ///
    /// ```
    /// use indicatif::ProgressIterator;
    ///
    /// let pool = ipc_common::Pool::new(2)?;
    /// let mut sum = 0;
    /// for square in pool.imap(|n: u64| n * n, 0..1000).progress_count(1000) {
    ///     sum += square?; // a progress bar is shown meanwhile
    /// }
    /// assert_eq!(sum, 332_833_500);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn imap<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
    ) -> impl Iterator<Item = Result<R>> {
        self.stream(function, items, 1)
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
        self.stream(function, items, usize::MAX)
    }

    /// Yields the first result that is there of the `among` oldest tasks.
    fn stream<A: Message, R: Message>(
        &self,
        function: fn(A) -> R,
        items: impl IntoIterator<Item = A>,
        among: usize,
    ) -> impl Iterator<Item = Result<R>> {
        let mut items = items.into_iter().fuse();
        let mut tasks = VecDeque::new();
        iter::from_fn(move || {
            // One item is taken for each that is yielded, and more while none can be yielded.
            while tasks.len() < WINDOW * self.workers()
                && let Some(item) = items.next()
            {
                tasks.push_back(PendingTask::submit(self.dispatcher(), function, &[item]));
                if PendingTask::first_done(
                    self.dispatcher(),
                    tasks.iter().take(among),
                    Deadline::NOW,
                )
                .is_some()
                {
                    break;
                }
            }
            if tasks.is_empty() {
                return None;
            }
            let next = PendingTask::first_done(
                self.dispatcher(),
                tasks.iter().take(among),
                Deadline::NEVER,
            )?;
            let task = tasks.remove(next)?;
            Some(task.and_then(|task| AsyncResult::of(task).get()))
        })
    }
}
