//! [`Failure`]: why a call has no result.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::shared::parts::{parts, write_part};
use ipc_codec::{decode, encode};
use ipc_error::{Error, Result};

/// An [`Error`] on its way to the pool.
#[derive(Serialize, Deserialize, Debug)]
pub enum Failure {
    Panicked(String),
    NotDecoded(String),
    NotEncoded(String),
    Died { pid: u32, code: i32 },
    TimedOut { pid: u32, limit: Duration },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Panicked(message) => Error::Panicked { message },
            Failure::NotDecoded(message) => Error::Decode(message.into()),
            Failure::NotEncoded(message) => Error::Encode(message.into()),
            Failure::Died { pid, code } => Error::WorkerDied { pid, code },
            Failure::TimedOut { pid, limit } => Error::TaskTimeout { pid, limit },
        }
    }
}

/// Appends a failure in place of a call's result, or of the results of a whole task.
pub fn write_failure(into: &mut Vec<u8>, failure: Failure) {
    let failure: Result<(), Failure> = Err(failure);
    write_part(into, |into| encode(&failure, into)).expect("a failure can be encoded");
}

/// Reads the results of a task's calls. A failure of the task as a whole stands alone.
pub fn read_results<R: DeserializeOwned>(results: &[u8]) -> impl Iterator<Item = Result<R>> {
    parts(results).map(|part| Ok(decode::<Result<R, Failure>>(part)??))
}
