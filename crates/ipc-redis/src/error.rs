//! [`Error`]: what can go wrong between a process and its server.

use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What the fallible functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
///
/// Both `{}` and `{:?}` print one sentence for a person, as `ipc_common::Error` does.
#[non_exhaustive]
#[derive(thiserror::Error)]
pub enum Error {
    /// The server cannot be reached, or refuses a command. If the connection was cut for longer than
    /// [patience](crate::JoinableQueue::patience) lasts, what was tried may have been done.
    #[error("cannot {tried} on {server}: {source}; {advice}")]
    Server {
        /// What was tried, as the object of "cannot".
        tried: &'static str,
        /// The server's address.
        server: String,
        /// What to do about it.
        advice: &'static str,
        /// The client's or the server's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server is too old, or set up so that it may lose what is put.
    #[error("cannot use {server}: {why}")]
    Unsuitable {
        /// The server's address.
        server: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Items that this process held were given to another consumer meanwhile, because its connection
    /// was gone or its lease over.
    #[error(
        "cannot finish {items} item(s): given to another consumer meanwhile, because the connection \
         of this process was gone or its lease over; throw its work away, the other one does it"
    )]
    NotYours {
        /// How many.
        items: usize,
    },
    /// The lock was given to another meanwhile, because the holder's connection was gone or its
    /// lease over.
    #[error(
        "cannot release the lock: it was given to another meanwhile; what was done since may be \
         undone, unless the storage compares fences"
    )]
    LockLost,
    /// This handle holds the lock already.
    #[error("cannot lock: this handle already holds the lock; drop its guard first")]
    AlreadyLocked,
    /// There was no room in time.
    #[error("cannot put: the queue is full; wait longer, or finish some items")]
    Full,
    /// There was no item in time.
    #[error("cannot get: the queue is empty; wait longer, or put some items")]
    Empty,
    /// Items were not finished in time.
    #[error("cannot join: {items} item(s) are unfinished; wait longer, or start consumers")]
    Unfinished {
        /// How many, those in hand among them.
        items: usize,
    },
    /// An item that is larger than a server should carry.
    #[error(
        "cannot put: the item takes {size} bytes, and at most {limit} are sent through a server; \
         store it elsewhere and put its place"
    )]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The size of the largest that may be put.
        limit: usize,
    },
    /// A pool's task panicked.
    #[error("cannot finish the task: it panicked: {message}; see where in its worker's output")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// No such task is registered with the worker that took it.
    #[error(
        "cannot do task {task} in version {version}: its worker does not know it; register it \
         there, or start workers of this version"
    )]
    UnknownTask {
        /// Its name.
        task: String,
        /// Its version.
        version: u32,
    },
    /// Each worker that began the task died.
    #[error(
        "cannot finish the task: {workers} workers died while they did it; see their output, and \
         mend the task before it is given again"
    )]
    WorkersDied {
        /// How many.
        workers: u32,
    },
    /// What `ipc_common` says as well: an item could not be turned into bytes, or bytes not into an item.
    #[error(transparent)]
    Local(#[from] ipc_error::Error),
    /// Something that makes no sense was asked for; this says what.
    #[error("{0}")]
    Invalid(&'static str),
}

impl Error {
    pub(crate) fn server(tried: &'static str, server: &str, source: RedisError) -> Self {
        let advice = advice(&source);
        Error::Server { tried, server: server.into(), advice, source: source.into() }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether it may go by itself: the connection was cut, the server restarts or hands over.
pub(crate) fn is_passing(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, ReadOnly, TryAgain};
    match error.kind() {
        ErrorKind::Io | ErrorKind::Parse => true,
        ErrorKind::Server(BusyLoading | ClusterDown | MasterDown | ReadOnly | TryAgain) => true,
        _ => error.is_connection_dropped(),
    }
}

/// Whether the server said so: version 7 begins with the code, version 6 has it in the middle if a
/// script was refused.
pub(crate) fn says(error: &RedisError, code: &str) -> bool {
    error.code() == Some(code) || error.detail().is_some_and(|detail| detail.contains(code))
}

fn advice(error: &RedisError) -> &'static str {
    match () {
        _ if error.kind() == ErrorKind::AuthenticationFailed
            || says(error, "WRONGPASS")
            || says(error, "NOAUTH") =>
        {
            "give its user and password in the URL, redis://user:password@host"
        }
        _ if says(error, "WRONGTYPE") => {
            "a key of this name is something else's: choose another name, or delete that key"
        }
        _ if says(error, "OOM") => {
            "its memory is full: finish items, or raise maxmemory; nothing was stored"
        }
        _ if says(error, "MISCONF") => {
            "it cannot save to its disk: see its log; nothing was stored"
        }
        _ if says(error, "NOPERM") => {
            "let its user run commands and scripts on all keys and channels of this name"
        }
        _ if error.kind() == ErrorKind::InvalidClientConfig => {
            "a URL is redis://host:port, redis+unix:///path or, if the crate redis has the feature \
             tls-rustls, rediss://host:port"
        }
        _ if is_passing(error) => "see whether the server runs there, and what it logs",
        _ => "see what the server logs",
    }
}
