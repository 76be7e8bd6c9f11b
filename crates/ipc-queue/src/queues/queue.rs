//! [`Queue`]: items from any process to any other, in order.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::time::Duration;

use ipc_error::{Error, Result};
use ipc_ring::{First, Ring};
use ipc_sync::internal::Deadline;
use ipc_trace::internal::{Act, made, span};

use ipc_codec::Message;
use ipc_codec::{body_of_bytes, decode, decode_bytes, decode_short, with_buffer};

/// A first-in, first-out queue between processes; Python's `multiprocessing.Queue`.
///
/// Create it before the processes that use it are started, and let their closures borrow it: any
/// number of processes and threads may put and get. It carries whatever serde can serialise, and
/// keeps the order in which each of them has put.
///
/// It lives in shared memory without a name. A `put` is complete when it returns: a process may
/// end with its items unread. If one is killed, at whatever instruction, the others go on: no item
/// is torn or seen twice, and none is lost but one that the dead process had in its hands.
///
/// ```
/// use ipc_common::{Process, Queue};
///
/// let queue = Queue::new()?;
/// let child = Process::new(|| queue.put(&String::from("hello"))).start()?;
/// child.join()?;
/// assert_eq!(queue.get()?, "hello");
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// Items travel as MessagePack, and what `serde_json` carries arrives as it does there: untagged,
/// tagged and flattened types work, and `Some(None)` arrives as `None`. An item may be nested 128
/// levels deep. Many bytes are fastest as `serde_bytes::ByteBuf` (a `Vec<u8>` is a list of numbers to
/// serde), most of all if that is the whole item: then they are copied into the queue and out of it,
/// and not once more. The largest item takes half as many bytes as the machine has memory.
///
/// Each call takes a [`Lock`](ipc_sync::Lock) for an instant, and may fail as
/// [`Lock::lock`](ipc_sync::Lock::lock) does.
///
/// A process that is *stopped* (SIGSTOP, a debugger) in the middle of a call keeps the others from
/// the same kind of call until it goes on; their timeouts are kept.
///
/// # The end of a stream
///
/// The side that knows that nothing more will come says so by [`close`](Queue::close), and a loop over
/// the queue ends when it is empty:
///
/// ```
/// # use ipc_common::{Process, Queue};
/// let queue = Queue::new()?;
/// let consumer = Process::new(|| -> ipc_common::Result<()> {
///     for number in &queue {
///         println!("{}", number? + 1); // an error ends the consumer, and is no end of the stream
///     }
///     Ok(())
/// });
/// let consumer = consumer.start()?;
/// (0..3).try_for_each(|number| queue.put(&number))?;
/// queue.close();
/// assert_eq!(consumer.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// The other way round, a producer is not told that all consumers have ended, as it is with threads'
/// channels: whichever process has a queue may get from it, the producer included, so the queue cannot
/// know who still would. It waits for room, or for the memory's end. Where consumers may go, let them
/// [`close`](Queue::close) the queue, which gives `put` an error; [wait](crate::wait) for their
/// sentinels beside the work; use [`put_timeout`](Queue::put_timeout); or use a
/// [pipe](crate::one_way_pipe()), whose ends are apart, so that `send` fails with [`Error::Hangup`].
pub struct Queue<T> {
    ring: Ring,
    items: PhantomData<fn(T) -> T>,
}

impl<T: Message> Queue<T> {
    /// A queue that takes as many items as fit into memory; Python's `Queue()`.
    ///
    /// An empty queue costs three pages; it grows with what is in it, and when it is empty again
    /// gives back all but 16 MiB. After large items it keeps the memory of 16 of them for those that may
    /// follow, 256 MiB at most, until smaller ones come, and 64 MiB of it when a consumer has waited for
    /// 100 ms or in vain. (A thread that has put or got a large item
    /// keeps a buffer for the next, 96 MiB at most, until one comes that is smaller.)
    ///
    /// # Errors
    ///
    /// [`Error::System`] if there is no memory or address space for it.
    pub fn new() -> Result<Self> {
        Self::bounded(0)
    }

    /// A queue that is full with `most` items; Python's `Queue(most)`. 0 stands for no bound.
    ///
    /// # Errors
    ///
    /// As for [`new`](Queue::new).
    pub fn bounded(most: usize) -> Result<Self> {
        let ring = Ring::new(most, None)?;
        made(ring.trace_id(), "Queue");
        Ok(Queue::of(ring))
    }

    pub(crate) fn of(ring: Ring) -> Self {
        Queue { ring, items: PhantomData }
    }

    /// Takes the first item, and blocks while there is none; Python's `get()`. That is for ever if
    /// none is put any more and [`close`](Queue::close) is not called.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the queue is closed and empty. [`Error::Decode`] if the item is no `T`
    /// after all: it is gone, and the next one can be taken.
    pub fn get(&self) -> Result<T> {
        self.get_until(Deadline::NEVER)
    }

    /// Takes the first item if there is one now; Python's `get_nowait()`.
    ///
    /// Waits only for another process that is in the middle of a `get`, and for 100 ms at most.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there is none, and as for [`get`](Queue::get).
    #[doc(alias = "get_nowait")]
    pub fn try_get(&self) -> Result<T> {
        self.get_until(Deadline::NOW)
    }

    /// Takes the first item, and blocks for at most `timeout`; Python's `get(timeout=…)`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there was none all the while, and as for [`get`](Queue::get).
    pub fn get_timeout(&self, timeout: Duration) -> Result<T> {
        self.get_until(Deadline::after(timeout))
    }

    /// How many items are in the queue; Python's `qsize()`, but exact.
    ///
    /// Other processes may put and get meanwhile; it was so at a moment during the call.
    #[doc(alias = "qsize")]
    pub fn len(&self) -> usize {
        self.ring.len() as usize
    }

    /// Whether no item is in the queue; Python's `empty()`, but exact.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Whether `put` would block for lack of room; Python's `full()`, but exact.
    pub fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    /// Says that nothing more is to be put, by any process. What is in the queue can still be
    /// taken; after that, and at once in `put`, there is [`Error::Closed`]. Waiting calls are woken.
    ///
    /// ```
    /// use ipc_common::{Error, Process, Queue};
    ///
    /// let queue = Queue::new()?;
    /// let consumer = Process::new(|| -> ipc_common::Result<()> {
    ///     for dish in &queue {
    ///         println!("ate {}", dish?);
    ///     }
    ///     Ok(())
    /// });
    /// let consumer = consumer.start()?;
    /// queue.put(&String::from("noodles"))?;
    /// queue.close();
    /// consumer.join()?;
    /// assert!(matches!(queue.put(&String::from("tea")), Err(Error::Closed)));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// (Python's `close()` speaks for one process alone, so its consumers need an item that means
    /// the end.)
    pub fn close(&self) {
        self.ring.close();
    }

    fn get_until(&self, deadline: Deadline) -> Result<T> {
        self.take_until(deadline, || Ok(((), ())))
    }

    /// When it is certain that the item can be taken, calls `taking`. Of what that returns, the first
    /// is dropped when the item is taken, and the second if it cannot be decoded.
    pub(crate) fn take_until<G, D>(
        &self,
        deadline: Deadline,
        taking: impl FnOnce() -> Result<(G, D)>,
    ) -> Result<T> {
        let _getting = span(Act::Get, self.ring.trace_id());
        let first = self.ring.first(deadline)?;
        let take = |first: First<'_>| -> Result<D> {
            let (until_taken, until_decoded) = taking()?;
            first.commit();
            drop(until_taken);
            Ok(until_decoded)
        };
        let (until_decoded, item) = if let Some((bytes, len)) = first.short() {
            (take(first)?, decode_short(bytes, len))
        } else if let Some(many) = body_of_bytes(first.bytes()).map(ipc_memory::copy) {
            (take(first)?, decode_bytes(many))
        } else {
            with_buffer(|bytes| {
                bytes.extend_from_slice(first.bytes());
                Ok::<_, Error>((take(first)?, decode(bytes)))
            })?
        };
        let item = item?;
        mem::forget(until_decoded);
        Ok(item)
    }
}

impl<T> Queue<T> {
    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    pub(crate) fn ring_mut(&mut self) -> &mut Ring {
        &mut self.ring
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("len", &self.ring.len()).finish_non_exhaustive()
    }
}
