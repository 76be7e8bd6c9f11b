//! What can go wrong.

use std::io;
use std::time::Duration;

/// Why something could not be done.
///
/// Both `{}` and `{:?}` print one sentence for a person, because a `main` that returns
/// [`Result`] shows its error with `{:?}`.
#[non_exhaustive]
#[derive(thiserror::Error)]
pub enum Error {
    /// The operating system refused a call.
    #[error("cannot {tried}: {source}{}{advice}", if advice.is_empty() { "" } else { "; " })]
    System {
        /// What was tried, as the object of "cannot".
        tried: String,
        /// What to do about it; empty where nothing can be said.
        advice: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A process with several threads asked to fork.
    #[error(
        "cannot start {name}: this process has {threads} threads, and a fork copies only one of \
         them but all the locks that the others hold; start processes before threads, or join the \
         threads first, or make a ForkServer first thing in main: its process() and \
         Pool::builder_on() work from any thread"
    )]
    Threads {
        /// The name of the process that was to be started.
        name: String,
        /// How many threads the calling process has.
        threads: usize,
    },
    /// A fork server did not start a process.
    #[error("cannot start {name} with the fork server: {why}")]
    ForkServer {
        /// The name of the process that was to be started.
        name: String,
        /// What went wrong, and what to do about it.
        why: String,
    },
    /// A thread that holds a lock asked to fork.
    #[error(
        "cannot start {name}: this thread holds {guards} lock guard(s), and the child would have a \
         copy of the guard but not the lock; drop the guard before start()"
    )]
    GuardHeld {
        /// The name of the process that was to be started.
        name: String,
        /// How many lock guards the calling thread has.
        guards: u32,
    },
    /// SIGCHLD is ignored, so the kernel would throw exit codes away.
    #[error(
        "cannot start {name}: SIGCHLD is ignored, so the kernel would throw its exit code away; \
         set SIGCHLD to its default (SIG_DFL) first"
    )]
    ChildrenIgnored {
        /// The name of the process that was to be started.
        name: String,
    },
    /// The exit code of this process is not ours to have.
    #[error(
        "cannot know how {name} ({pid}) ended: only its parent, process {parent}, is told, and \
         only while SIGCHLD is not ignored and nothing else there waits for all children"
    )]
    NotAChild {
        /// The process's name.
        name: String,
        /// Its id.
        pid: u32,
        /// Its parent.
        parent: u32,
    },
    /// The calling thread already holds the lock that it wants.
    #[error(
        "cannot lock: this thread already holds the lock and would wait for itself for ever; drop \
         its guard first (a guard lives until the end of its statement)"
    )]
    AlreadyLocked,
    /// A signal handler wants a lock in the middle of a lock operation that it has interrupted.
    #[error(
        "cannot lock: this is a signal handler that has interrupted a lock operation; set a flag \
         in it, and lock later"
    )]
    Interrupted,
    /// The calling thread is ending, and its thread-locals are being dropped.
    #[error(
        "cannot lock: this thread is ending, and a guard that it leaked now would not be noticed; \
         lock before, not in the destructor of a thread-local"
    )]
    ThreadEnding,
    /// The calling thread holds as many locks as the kernel can release if it is killed.
    #[error(
        "cannot lock: this thread holds {held} locks, and for more it is not certain that the \
         kernel releases them if their owner is killed; drop some guards first"
    )]
    TooManyLocks {
        /// How many it holds.
        held: u32,
    },
    /// A semaphore was given back a permit that it never gave.
    #[error(
        "cannot release: the semaphore has all its {limit} permit(s); release once for each acquire"
    )]
    TooManyReleases {
        /// How many permits it has.
        limit: u32,
    },
    /// As many threads as can be told apart wait.
    #[error("cannot wait: 1024 threads wait already; wake some of them first")]
    TooManyWaiting,
    /// The barrier is broken: a party died while it waited or gave up, or it was aborted or reset;
    /// Python's `BrokenBarrierError`.
    #[error(
        "cannot pass the barrier: a party died or gave up, or it was aborted or reset; reset() \
         makes it whole"
    )]
    BrokenBarrier,
    /// There was no room in the queue in time; Python's `queue.Full`.
    #[error("cannot put: the queue is full; wait longer, or get some items")]
    Full,
    /// There was no item in the queue in time; Python's `queue.Empty`.
    #[error("cannot get: the queue is empty; wait longer, or put some items")]
    Empty,
    /// The queue was closed: nothing can be put, and nothing is left to be taken.
    #[error("cannot put or get: the queue is closed, and empty")]
    Closed,
    /// Of several items only the first were put.
    #[error("put the first {put} of the items and no more: {source}")]
    PutInPart {
        /// How many.
        put: usize,
        /// Why not the next one.
        source: Box<Error>,
    },
    /// Items were not dealt with in time.
    #[error(
        "cannot join the queue: {items} item(s) are unfinished; wait longer, or finish those of \
         this thread"
    )]
    Unfinished {
        /// How many.
        items: u32,
    },
    /// A consumer died with items in its hands.
    #[error(
        "cannot join the queue: process {pid} died with {items} item(s) that it had taken and not \
         finished; put them again if they are needed"
    )]
    ItemsLost {
        /// Its id. (If several died since this was said last, it is one of them.)
        pid: u32,
        /// How many were lost, by all of them.
        items: u32,
    },
    /// As many threads as can be told apart have taken items and not finished them.
    #[error("cannot get: 128 threads have taken items and not finished them; finish some first")]
    TooManyConsumers,
    /// `task_done` without an item in hand.
    #[error(
        "cannot finish an item: this thread has taken none that is unfinished; call task_done once \
         for each get"
    )]
    NothingInHand,
    /// The other end of the pipe is closed in all processes; Python's `EOFError`.
    #[error("cannot send or receive: the other end of the pipe is closed")]
    Hangup,
    /// An item that never fits.
    #[error(
        "cannot put: the item takes {size} bytes, and the largest that fits {limit}; send it in \
         parts, or let it stay where it is and send its place"
    )]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The size of the largest that would.
        limit: usize,
    },
    /// An item could not be turned into bytes.
    #[error("cannot turn the item into bytes: {0}; nothing was sent")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Bytes could not be turned into an item.
    #[error(
        "cannot turn the bytes into an item: {0}; they are lost. Put and get the same type, and \
         nest it no deeper than 128 levels"
    )]
    Decode(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A pool's task panicked.
    #[error("cannot finish the task: it panicked: {message}; see where on standard error")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// A pool's worker ended in the middle of a task, which is lost.
    #[error(
        "cannot finish the task: its worker, process {pid}, ended with exit code {code} (-N is \
         signal N); do it again if it is needed"
    )]
    WorkerDied {
        /// The worker's id.
        pid: u32,
        /// Its exit code, or -N if signal N ended it.
        code: i32,
    },
    /// A task took longer than the pool allows, and its worker was killed.
    #[error(
        "cannot finish the task: it took longer than {limit:?}, so its worker, process {pid}, was \
         killed; allow more time, or do less in one task"
    )]
    TaskTimeout {
        /// The worker's id.
        pid: u32,
        /// What the pool allows.
        limit: Duration,
    },
    /// The pool has ended, or its workers cannot be had.
    #[error("cannot use the pool: {why}; make another")]
    PoolEnded {
        /// Why.
        why: String,
    },
    /// The manager's server has ended; what it held is lost.
    #[error(
        "cannot reach the manager: its server has ended, and what it held is lost; make another"
    )]
    ManagerGone,
    /// The manager's server, which goes on, could not do what it was asked to, or could not reply.
    #[error("cannot get a reply from the manager: {why}")]
    Refused {
        /// What stood in its way.
        why: String,
    },
    /// The list has no such place; Python's `IndexError`.
    #[error("cannot use place {index} of the list: it has {len} item(s)")]
    OutOfRange {
        /// The place.
        index: usize,
        /// How many items the list has.
        len: usize,
    },
    /// Something that makes no sense was asked for; this says what.
    #[error("{0}")]
    Invalid(&'static str),
    /// This platform lacks something that the crate stands on.
    #[error("this platform is not supported: {0}")]
    Unsupported(&'static str),
}
