//! Hearing of results without waiting for one: callbacks, the first of several, event loops.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::async_result::AsyncResult;
use crate::owner::pending_task::PendingTask;
use crate::pool::Pool;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_sync::internal::Deadline;
use ipc_worker::shared::panics::catch;

impl<R> AsyncResult<R> {
    /// Has `f` called with what [`get`](AsyncResult::get) would return, as soon as that would not block;
    /// Python's `callback` and `error_callback`.
    ///
    /// It is called by the thread that takes the result in: one that waits for another result of the
    /// pool, [collects](crate::Pool::collect), gives a task, joins or drops the pool; this one, if the
    /// result is there already. So it should be short: put the result somewhere, or give the next task.
    /// If it panics, that is on standard error, and nothing else happens.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    ///
    /// let pool = ipc_common::Pool::new(2)?;
    /// let (sender, receiver) = channel();
    /// for n in 0..3_u64 {
    ///     let sender = sender.clone();
    ///     pool.apply_async(|n: u64| n * n, n)?.on_done(move |square| {
    ///         sender.send((n, square)).expect("the receiver is there");
    ///     });
    /// }
    /// pool.close();
    /// pool.join()?;
    /// drop(sender);
    /// let sum: u64 = receiver.into_iter().map(|(_, square)| square.unwrap()).sum();
    /// assert_eq!(sum, 5);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    #[doc(alias = "callback")]
    pub fn on_done(self, f: impl FnOnce(Result<R>) + Send + 'static)
    where
        R: 'static,
    {
        self.call_from(0, f);
    }

    /// Waits for the tasks from this one on, one after another, and then calls `f`.
    fn call_from(self, first: usize, f: impl FnOnce(Result<R>) + Send + 'static)
    where
        R: 'static,
    {
        let pending = self.tasks()[first..].iter().position(|task| !task.is_done());
        match pending.map(|n| first + n) {
            None => drop(catch(|| f(self.get()))),
            Some(n) => self.tasks()[n].caller()(Box::new(move || self.call_from(n + 1, f))),
        }
    }
}

impl Pool {
    /// The place of the first of these results that can be got, as soon as there is one; Python's
    /// `concurrent.futures.wait(…, FIRST_COMPLETED)`. `None` if `timeout` passes first, or if there are
    /// no results to wait for; without a timeout it waits for as long as it takes.
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// let mut results = (0..4).map(|n| pool.apply_async(|n: u64| n * n, n));
    /// let mut results = results.by_ref().collect::<ipc_common::Result<Vec<_>>>()?;
    /// let mut sum = 0;
    /// while let Some(first) = pool.first_done(&results, None)? {
    ///     sum += results.swap_remove(first).get()?;
    /// }
    /// assert_eq!(sum, 14);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::System`] if the process is out of memory or descriptors, [`Error::Invalid`] in a process
    /// that was forked from the pool's own.
    pub fn first_done<'r, R: 'r>(
        &self,
        results: impl IntoIterator<Item = &'r AsyncResult<R>>,
        timeout: Option<Duration>,
    ) -> Result<Option<usize>> {
        let tasks: Vec<&[PendingTask]> = results.into_iter().map(AsyncResult::tasks).collect();
        if tasks.is_empty() {
            return Ok(None);
        }
        let deadline = timeout.map_or(Deadline::NEVER, Deadline::after);
        PendingTask::first_done(self.dispatcher(), tasks.iter().copied(), deadline)
    }

    /// Takes in the results that have come, and calls the [callbacks](AsyncResult::on_done) that wait
    /// for them. Does not block. For a process that waits for none of the results, but for the pool's
    /// [descriptor](Pool::fd).
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(1)?;
    /// pool.apply_async(|n: u64| n, 7)?.on_done(|result| println!("{result:?}"));
    /// pool.collect()?; // prints, if the result has come
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`first_done`](Pool::first_done).
    pub fn collect(&self) -> Result<()> {
        self.dispatcher().collector().collect_now()
    }

    /// A descriptor that is readable when there is something to [collect](Pool::collect): for
    /// [`wait`](ipc_queue::wait), poll, epoll and event loops.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::sync::mpsc::channel;
    /// use ipc_common::{Pool, wait};
    ///
    /// let pool = Pool::new(2)?;
    /// let (sender, receiver) = channel();
    /// pool.apply_async(|n: u64| n * n, 7)?.on_done(move |square| sender.send(square).unwrap());
    /// let square = loop {
    ///     wait(&[&pool.fd()?], None)?; // and whatever else the program waits for
    ///     pool.collect()?;
    ///     if let Ok(square) = receiver.try_recv() {
    ///         break square?;
    ///     }
    /// };
    /// assert_eq!(square, 49);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// There is one for the pool and none for each result. The workers have one queue for all results, so
    /// which of them is there is known only when it is taken in: [`AsyncResult::ready`] and
    /// [`first_done`](Pool::first_done) do that and tell, [`AsyncResult::on_done`] calls. (A descriptor for
    /// each result would have to be written to by the thread that takes it in, and `ulimit -n` would be
    /// the limit of tasks. Where another library insists on one, `on_done` can write to a pipe.)
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ipc_common::{Pool, wait};
    /// # let pool = Pool::new(2)?;
    /// let tasks = (0..20).map(|n| pool.apply_async(|n: u64| n * n, n));
    /// let mut tasks: Vec<_> = tasks.collect::<ipc_common::Result<_>>()?;
    /// let mut sum = 0;
    /// while !tasks.is_empty() {
    ///     wait(&[&pool.fd()?], None)?;
    ///     while let Some(done) = pool.first_done(&tasks, Some(Duration::ZERO))? {
    ///         sum += tasks.swap_remove(done).get()?;
    ///     }
    /// }
    /// assert_eq!(sum, 2470);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// A result is never there in silence, whichever worker is killed wherever. The descriptor may be
    /// readable for nothing; after `collect`, it turns readable anew with the next result, as
    /// edge-triggered event loops need it. When the pool has ended, it stays readable. A thread that
    /// waits for a result takes in those of the others: their callbacks are called then, and the
    /// descriptor may stay silent. Do not read from it or write to it.
    ///
    /// The first call makes it. From then on the workers make a system call more for each task.
    ///
    /// # Errors
    ///
    /// [`Error::System`] if no descriptors are left, [`Error::Invalid`] in a process that was forked from
    /// the pool's own.
    pub fn fd(&self) -> Result<BorrowedFd<'_>> {
        self.dispatcher().collector().fd()
    }
}
