//! [`Error`]: every failure says what was tried, what went wrong and what to do.

use std::fmt;
use std::io;
use std::time::Duration;

/// What the fallible functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
///
/// Both `{}` and `{:?}` print one sentence for a person, because a `main` that returns
/// [`Result`] shows its error with `{:?}`.
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a call.
    System {
        /// What was tried, as the object of "cannot".
        tried: String,
        /// What to do about it; empty where nothing can be said.
        advice: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A process with several threads asked to fork.
    Threads {
        /// The name of the process that was to be started.
        name: String,
        /// How many threads the calling process has.
        threads: usize,
    },
    /// A thread that holds a lock asked to fork.
    GuardHeld {
        /// The name of the process that was to be started.
        name: String,
        /// How many lock guards the calling thread has.
        guards: u32,
    },
    /// SIGCHLD is ignored, so the kernel would throw exit codes away.
    ChildrenIgnored {
        /// The name of the process that was to be started.
        name: String,
    },
    /// The calling thread already holds the lock that it wants.
    AlreadyLocked,
    /// A signal handler wants a lock in the middle of a lock operation that it has interrupted.
    Interrupted,
    /// The calling thread holds as many locks as the kernel can release if it is killed.
    TooManyLocks {
        /// How many it holds.
        held: u32,
    },
    /// The exit code of this process is not ours to have.
    NotAChild {
        /// The process's name.
        name: String,
        /// Its id.
        pid: u32,
        /// Who started it.
        parent: u32,
    },
    /// There was no room in the queue in time; Python's `queue.Full`.
    Full,
    /// There was no item in the queue in time; Python's `queue.Empty`.
    Empty,
    /// The queue was closed: nothing can be put, and nothing is left to be taken.
    Closed,
    /// The other end of the pipe is closed in all processes; Python's `EOFError`.
    Hangup,
    /// Items were not dealt with in time.
    Unfinished {
        /// How many.
        items: u32,
    },
    /// A consumer died with items in its hands.
    ItemsLost {
        /// Its id. (If several died since this was said last, it is one of them.)
        pid: u32,
        /// How many were lost, by all of them.
        items: u32,
    },
    /// As many threads as can be told apart have taken items and not finished them.
    TooManyConsumers,
    /// `task_done` without an item in hand.
    NothingInHand,
    /// As many threads as can be told apart wait.
    TooManyWaiting,
    /// A semaphore was given back a permit that it never gave.
    TooManyReleases {
        /// How many permits it has.
        limit: u32,
    },
    /// The barrier is broken: a party died while it waited or gave up, or it was aborted or reset;
    /// Python's `BrokenBarrierError`.
    BrokenBarrier,
    /// Something that makes no sense was asked for; this says what.
    Invalid(&'static str),
    /// A pool's task panicked.
    Panicked {
        /// What it said.
        message: String,
    },
    /// A pool's worker ended in the middle of a task, which is lost.
    WorkerDied {
        /// The worker's id.
        pid: u32,
        /// Its exit code, or -N if signal N ended it.
        code: i32,
    },
    /// A task took longer than the pool allows, and its worker was killed.
    TaskTimeout {
        /// The worker's id.
        pid: u32,
        /// What the pool allows.
        limit: Duration,
    },
    /// The pool has ended, or its workers cannot be had.
    PoolEnded {
        /// Why.
        why: String,
    },
    /// The manager's server has ended; what it held is lost.
    ManagerGone,
    /// The list has no such place; Python's `IndexError`.
    OutOfRange {
        /// The place.
        index: usize,
        /// How many items the list has.
        len: usize,
    },
    /// An item that never fits.
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The size of the largest that would.
        limit: usize,
    },
    /// An item could not be turned into bytes.
    Encode(Box<dyn std::error::Error + Send + Sync>),
    /// Bytes could not be turned into an item.
    Decode(Box<dyn std::error::Error + Send + Sync>),
    /// This platform lacks something that the crate stands on.
    Unsupported(&'static str),
}

impl Error {
    pub(crate) fn system(
        tried: impl Into<String>,
        advice: &'static str,
        source: impl Into<io::Error>,
    ) -> Self {
        Error::System { tried: tried.into(), advice, source: source.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::System { tried, advice: "", source } => {
                write!(f, "cannot {tried}: {source}")
            }
            Error::System { tried, advice, source } => {
                write!(f, "cannot {tried}: {source}; {advice}")
            }
            Error::Threads { name, threads } => write!(
                f,
                "cannot start {name}: this process has {threads} threads, and a fork copies only one \
                 of them but all the locks that the others hold; start processes before threads, \
                 or join the threads first"
            ),
            Error::GuardHeld { name, guards } => write!(
                f,
                "cannot start {name}: this thread holds {guards} lock guard(s), and the child would \
                 have a copy of the guard but not the lock; drop the guard before start()"
            ),
            Error::ChildrenIgnored { name } => write!(
                f,
                "cannot start {name}: SIGCHLD is ignored, so the kernel would throw its exit code \
                 away; set SIGCHLD to its default (SIG_DFL) first"
            ),
            Error::AlreadyLocked => write!(
                f,
                "cannot lock: this thread already holds the lock and would wait for itself for ever; \
                 drop its guard first"
            ),
            Error::Interrupted => write!(
                f,
                "cannot lock: this is a signal handler that has interrupted a lock operation; set a \
                 flag in it, and lock later"
            ),
            Error::TooManyLocks { held } => write!(
                f,
                "cannot lock: this thread holds {held} locks, and for more it is not certain that the \
                 kernel releases them if their owner is killed; drop some guards first"
            ),
            Error::NotAChild { name, pid, parent } => write!(
                f,
                "cannot know how {name} ({pid}) ended: only its parent, process {parent}, is told, \
                 and only while SIGCHLD is not ignored and nothing else there waits for all children"
            ),
            Error::Full => {
                write!(f, "cannot put: the queue is full; wait longer, or get some items")
            }
            Error::Empty => {
                write!(f, "cannot get: the queue is empty; wait longer, or put some items")
            }
            Error::Closed => write!(f, "cannot put or get: the queue is closed, and empty"),
            Error::Hangup => {
                write!(f, "cannot send or receive: the other end of the pipe is closed")
            }
            Error::Unfinished { items } => {
                write!(
                    f,
                    "cannot join the queue: {items} item(s) are unfinished; wait longer, or finish those of this thread"
                )
            }
            Error::ItemsLost { pid, items } => write!(
                f,
                "cannot join the queue: process {pid} died with {items} item(s) that it had taken and \
                 not finished; put them again if they are needed"
            ),
            Error::TooManyConsumers => write!(
                f,
                "cannot get: 128 threads have taken items and not finished them; finish some first"
            ),
            Error::NothingInHand => write!(
                f,
                "cannot finish an item: this thread has taken none that is unfinished; call \
                 task_done once for each get"
            ),
            Error::TooManyWaiting => {
                write!(f, "cannot wait: 1024 threads wait already; wake some of them first")
            }
            Error::TooManyReleases { limit } => write!(
                f,
                "cannot release: the semaphore has all its {limit} permit(s); release once for each \
                 acquire"
            ),
            Error::BrokenBarrier => write!(
                f,
                "cannot pass the barrier: a party died or gave up, or it was aborted or reset; \
                 reset() makes it whole"
            ),
            Error::Invalid(what) => f.write_str(what),
            Error::Panicked { message } => {
                write!(f, "cannot finish the task: it panicked: {message}")
            }
            Error::WorkerDied { pid, code } => {
                write!(f, "cannot finish the task: its worker, process {pid}, ")?;
                match code {
                    ..0 => write!(f, "was killed by signal {}; do it again if it is needed", -code),
                    _ => write!(f, "exited with code {code}; let it return instead"),
                }
            }
            Error::TaskTimeout { pid, limit } => write!(
                f,
                "cannot finish the task: it took longer than {limit:?}, so its worker, process \
                 {pid}, was killed"
            ),
            Error::ManagerGone => write!(
                f,
                "cannot reach the manager: its server has ended, and what it held is lost; make \
                 another"
            ),
            Error::OutOfRange { index, len } => {
                write!(f, "cannot use place {index} of the list: it has {len} item(s)")
            }
            Error::PoolEnded { why } => write!(f, "cannot use the pool: {why}"),
            Error::TooLarge { size, limit } => write!(
                f,
                "cannot put: the item takes {size} bytes, and the largest that fits {limit}; send it \
                 in parts, or let it stay where it is and send its place"
            ),
            Error::Encode(e) => write!(f, "cannot turn the item into bytes: {e}; nothing was sent"),
            Error::Decode(e) => write!(
                f,
                "cannot turn the bytes into an item: {e}; they are lost. Put and get the same type, \
                 and nest it no deeper than 1024"
            ),
            Error::Unsupported(what) => write!(f, "this platform is not supported: {what}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::System { source, .. } => Some(source),
            Error::Encode(source) | Error::Decode(source) => Some(&**source),
            _ => None,
        }
    }
}
