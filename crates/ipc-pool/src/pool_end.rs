//! How a pool ends.

use crate::pool::Pool;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;

impl Pool {
    /// Says that no more tasks will come; Python's `close()`. The workers end when all are done. Does
    /// not block.
    ///
    /// (In a process that was forked from the pool's own this does nothing.)
    ///
    /// ```
    /// use ipc_common::Error;
    ///
    /// # let pool = ipc_common::Pool::new(2)?;
    /// pool.close();
    /// assert!(matches!(pool.apply(|n: u64| n, 1), Err(Error::PoolEnded { .. })));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn close(&self) {
        self.dispatcher().close();
    }

    /// Blocks until all tasks are done and the workers have ended; Python's `join()`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if neither [`close`](Pool::close) nor [`terminate`](Pool::terminate) came
    /// before; [`Error::PoolEnded`] if the pool ended before all was done; [`Error::NotAChild`] if
    /// something else in this process waits for any child, and has taken the supervisor's exit code.
    ///
    /// ```
    /// # let pool = ipc_common::Pool::new(2)?;
    /// let task = pool.apply_async(|n: u64| n * n, 3)?;
    /// pool.close();
    /// pool.join()?;
    /// assert_eq!(task.get()?, 9);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn join(&self) -> Result<()> {
        self.dispatcher().join()
    }

    /// Ends all workers at once, whatever they do; Python's `terminate()`. Blocks for about a second
    /// at most.
    ///
    /// A result that has not come is [`Error::PoolEnded`].
    ///
    /// # Errors
    ///
    /// As for [`join`](Pool::join).
    ///
    /// ```
    /// use std::thread::park;
    ///
    /// # let pool = ipc_common::Pool::new(2)?;
    /// let endless = pool.apply_async(|()| park(), ())?;
    /// pool.terminate()?;
    /// assert!(endless.get().is_err());
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn terminate(&self) -> Result<()> {
        self.dispatcher().terminate()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Fails in a process that was forked from the pool's own, where the pool is only a copy.
        let _ = self.terminate();
    }
}
