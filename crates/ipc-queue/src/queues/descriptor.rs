//! Descriptors that tell of a queue's items.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use ipc_error::{Error, Result};
use rustix::event::{EventfdFlags, eventfd};

use crate::os::descriptor::above_stdio;
use crate::queues::joinable::JoinableQueue;
use crate::queues::queue::Queue;

impl<T> Queue<T> {
    /// The same queue with a descriptor: [`fd`](Queue::fd). Call it before the processes that use the
    /// queue are started. (A queue with a descriptor takes a system call more for an item that is put
    /// when there is none, and one for an item that is taken and was the last. A consumer that is *stopped* in the middle of that
    /// keeps producers waiting, too.)
    ///
    /// # Errors
    ///
    /// [`Error::System`] if no descriptors are left.
    pub fn with_fd(mut self) -> Result<Self> {
        self.ring_mut().set_bell(new_eventfd()?);
        Ok(self)
    }

    /// A descriptor that is readable while there is an item, or when the queue is closed: for
    /// [`wait`](crate::wait), poll, epoll and event loops. Python's `_reader`.
    ///
    /// ```
    /// use ipc_common::{Error, Process, Queue, wait};
    ///
    /// let queue = Queue::new()?.with_fd()?;
    /// let child = Process::new(|| queue.put(&7)).start()?;
    /// loop {
    ///     // An item or the child's end, whichever comes first.
    ///     let ready = wait(&[&queue.fd()?, &child], None)?;
    ///     match queue.try_get() {
    ///         Ok(item) => println!("got {item}"),
    ///         Err(Error::Empty) if ready.contains(&1) => break,
    ///         Err(Error::Empty) => {} // another consumer was faster
    ///         Err(e) => return Err(e),
    ///     }
    /// }
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// It is never silent while there is an item, wherever a producer is killed. It may be readable
    /// for nothing: take items by [`try_get`](Queue::try_get). When that has said [`Error::Empty`], the
    /// descriptor turns readable anew with the next item, as edge-triggered event loops need it. Do
    /// not read from it or write to it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the queue was made without: see [`with_fd`](Queue::with_fd).
    #[doc(alias = "_reader")]
    pub fn fd(&self) -> Result<BorrowedFd<'_>> {
        const NONE: Error = Error::Invalid(
            "cannot watch the queue: it has no descriptor; make it by Queue::new()?.with_fd()?",
        );
        self.ring().bell().ok_or(NONE)
    }
}

impl<T> JoinableQueue<T> {
    /// As [`Queue::with_fd`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::with_fd`].
    pub fn with_fd(mut self) -> Result<Self> {
        self.queue.ring_mut().set_bell(new_eventfd()?);
        Ok(self)
    }

    /// As [`Queue::fd`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::fd`].
    pub fn fd(&self) -> Result<BorrowedFd<'_>> {
        self.queue.fd()
    }
}

fn new_eventfd() -> Result<OwnedFd> {
    let new = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(io::Error::from);
    new.and_then(above_stdio)
        .map_err(|e| Error::system("give a queue a descriptor", "close some files (ulimit -n)", e))
}
