//! A pool's messages: functions and arguments on their way to a worker, results on their way back.
//!
//! ```text
//!   task    caller, function: 8 bytes each │ one part for each argument
//!   result  task: 4 bytes                  │ one part for each argument: Result<R, Failure>
//!   part    length: 8 bytes                │ MessagePack
//! ```
//!
//! A function travels as its address: a worker is forked from the process that sends it, so it has
//! the same code at the same place.

use std::any::Any;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use ipc_error::{Error, Result};
use ipc_process::internal::{decode, encode};

/// Why there is no result.
#[derive(Serialize, Deserialize)]
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

/// Calls the function at an address with an argument, and appends what it returned.
type Caller = fn(usize, &[u8], &mut Vec<u8>) -> Result<(), Failure>;

/// Writes a task that calls `function` once for each argument.
pub(crate) fn write_task<A, R>(
    into: &mut Vec<u8>,
    function: fn(A) -> R,
    arguments: &[A],
) -> Result<()>
where
    A: Serialize + DeserializeOwned,
    R: Serialize,
{
    let caller: Caller = call::<A, R>;
    for address in [(caller as *const ()), (function as *const ())] {
        into.extend((address.expose_provenance() as u64).to_ne_bytes());
    }
    arguments.iter().try_for_each(|argument| write_part(into, |into| encode(argument, into)))
}

/// Does a task, and appends its results.
///
/// # Safety
///
/// `task` must come from [`write_task`] in the process that this one is forked from, and what it
/// calls must have been in that process's memory before the fork.
pub(crate) unsafe fn run_task(task: &[u8], into: &mut Vec<u8>) {
    let (addresses, arguments) = task.split_at(2 * size_of::<u64>());
    let [caller, function] = [&addresses[..8], &addresses[8..]].map(|address| {
        u64::from_ne_bytes(address.try_into().expect("it is cut to 8 bytes")) as usize
    });
    // SAFETY: `write_task` put it there as a `Caller`, and the caller vouches for the rest.
    let caller: Caller = unsafe { mem::transmute(ptr::with_exposed_provenance::<()>(caller)) };
    for argument in parts(arguments) {
        // The user's code is in here four times: two serialisations, the function, and destructors.
        let call = |into: &mut Vec<u8>| {
            let called = panic::catch_unwind(AssertUnwindSafe(|| caller(function, argument, into)));
            called.unwrap_or_else(|payload| Err(Failure::Panicked(message_of(payload))))
        };
        if let Err(failure) = write_part(into, call) {
            write_failure(into, failure);
        }
    }
}

/// For `function` to be a `fn(A) -> R` is what `write_task` sees to.
fn call<A: DeserializeOwned, R: Serialize>(
    function: usize,
    argument: &[u8],
    into: &mut Vec<u8>,
) -> Result<(), Failure> {
    // SAFETY: `write_task` names this function together with a `fn(A) -> R` only.
    let function: fn(A) -> R =
        unsafe { mem::transmute(ptr::with_exposed_provenance::<()>(function)) };
    let argument = decode(argument).map_err(|e| Failure::NotDecoded(reason(&e)))?;
    let result: Result<R, Failure> = Ok(function(argument));
    encode(&result, into).map_err(|e| Failure::NotEncoded(reason(&e)))
}

/// What the codec said, without the sentence around it: that comes again at the other end.
fn reason(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn message_of(payload: Box<dyn Any + Send>) -> String {
    let message = match payload.downcast_ref::<&str>() {
        Some(message) => (*message).into(),
        None => payload.downcast_ref::<String>().cloned().unwrap_or_else(|| "(no message)".into()),
    };
    mem::forget(payload); // its destructor might panic again
    message
}

/// What `initialise` does not survive is its error, too.
pub(crate) fn catch(initialise: &dyn Fn() -> Result<(), String>) -> Result<(), String> {
    let done = panic::catch_unwind(AssertUnwindSafe(initialise));
    done.unwrap_or_else(|payload| Err(format!("it panicked: {}", message_of(payload))))
}

pub(crate) fn write_failure(into: &mut Vec<u8>, failure: Failure) {
    let failure: Result<(), Failure> = Err(failure);
    write_part(into, |into| encode(&failure, into)).expect("a failure can be encoded");
}

/// Reads the results of a task. A failure of the task as a whole stands alone.
pub(crate) fn read_results<R: DeserializeOwned>(results: &[u8]) -> impl Iterator<Item = Result<R>> {
    parts(results).map(|part| Ok(decode::<Result<R, Failure>>(part)??))
}

/// Appends what `write` appends as one part, or nothing if it fails.
fn write_part<E>(
    into: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = into.len();
    into.extend([0; size_of::<u64>()]);
    if let Err(e) = write(into) {
        into.truncate(start);
        return Err(e);
    }
    let body = start + size_of::<u64>();
    let len = (into.len() - body) as u64;
    into[start..body].copy_from_slice(&len.to_ne_bytes());
    Ok(())
}

fn parts(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk()?;
        let (part, rest) = rest.split_at(u64::from_ne_bytes(*len) as usize);
        bytes = rest;
        Some(part)
    })
}
