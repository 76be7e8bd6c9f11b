//! [`Task`]: a function that workers on other machines know by name and version.

use std::fmt;

use ipc_codec::{Message, decode, encode};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::server::limits::LARGEST;

/// A function that a [`Pool`](crate::Pool) has done, and its name and version: those who give it and
/// the [`Worker`](crate::Worker) that does it may be different builds of the program. Give it a new
/// version when its arguments, its result, or what it does change.
///
/// ```
/// use ipc_redis::Task;
///
/// const SQUARE: Task<u64, u64> = Task::new("square", 1, |n| n * n);
/// ```
pub struct Task<A, R> {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) function: fn(A) -> R,
}

impl<A: Message, R: Message> Task<A, R> {
    /// Names a function.
    ///
    /// ```
    /// use ipc_redis::Task;
    ///
    /// fn resize((path, width): (String, u32)) -> Result<String, String> {
    ///     Ok(format!("{path} with a width of {width}"))
    /// }
    ///
    /// const RESIZE: Task<(String, u32), Result<String, String>> = Task::new("resize", 1, resize);
    /// ```
    pub const fn new(name: &'static str, version: u32, function: fn(A) -> R) -> Self {
        Task { name, version, function }
    }

    /// Does it: bytes of the arguments to bytes of the result, or of the failure.
    pub(crate) fn run(&self, arguments: &[u8]) -> Result<Vec<u8>, Failure> {
        let arguments = decode(arguments).map_err(|e| Failure::NotDecoded(e.to_string()))?;
        let result = (self.function)(arguments);
        let mut bytes = Vec::new();
        encode(&Ok::<R, Failure>(result), &mut bytes)
            .map_err(|e| Failure::NotEncoded(e.to_string()))?;
        match bytes.len() {
            0..=LARGEST => Ok(bytes),
            size => Err(Failure::NotEncoded(format!("{size} bytes, and {LARGEST} are allowed"))),
        }
    }
}

impl<A, R> Clone for Task<A, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, R> Copy for Task<A, R> {}

impl<A, R> fmt::Debug for Task<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Task({} in version {})", self.name, self.version)
    }
}

/// A task on its way to a worker.
#[derive(Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) task: String,
    pub(crate) version: u32,
    /// The key where its owner waits for the result.
    pub(crate) results: String,
    pub(crate) number: u64,
    #[serde(with = "serde_bytes")]
    pub(crate) arguments: Vec<u8>,
}

/// Why a task has no result, on its way to its owner.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) enum Failure {
    Panicked(String),
    NotDecoded(String),
    NotEncoded(String),
    Unknown { task: String, version: u32 },
    Died { workers: u32 },
}

impl Failure {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let failure: Result<(), Failure> = Err(self);
        encode(&failure, &mut bytes).expect("a failure can be encoded");
        bytes
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Panicked(message) => Error::Panicked { message },
            Failure::NotDecoded(why) => Error::Local(ipc_error::Error::Decode(why.into())),
            Failure::NotEncoded(why) => Error::Local(ipc_error::Error::Encode(why.into())),
            Failure::Unknown { task, version } => Error::UnknownTask { task, version },
            Failure::Died { workers } => Error::WorkersDied { workers },
        }
    }
}
