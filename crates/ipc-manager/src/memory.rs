//! Memory for requests, whose size the clients decide: it is asked for, so that a request that finds
//! too little can be refused and the server lives on.
//!
//! What is small, such as the text of an error, is allocated without asking: all else leaves enough
//! for that, the *headroom*. What is stored leaves twice as much, so that a full server still has
//! the memory for a small request.

use std::cell::Cell;
use std::hint::black_box;
use std::io::ErrorKind;

use serde::de;

use ipc_error::{Error, Result};

/// The headroom of a server without clients.
const HEADROOM: usize = 48 << 10;

/// What the server allocates for each client when it waits, at most.
const PER_CLIENT: usize = 64;

thread_local! {
    static CLIENTS: Cell<usize> = const { Cell::new(0) };
    /// Whether a decoder was refused memory.
    static WAS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// Makes the headroom large enough for this number of clients.
pub(crate) fn set_number_of_clients(clients: usize) {
    CLIENTS.set(clients);
}

fn headroom() -> usize {
    HEADROOM + PER_CLIENT * CLIENTS.get()
}

/// Runs `work` so that this many bytes are still free after it.
fn leaving<R, E>(size: usize, work: impl FnOnce() -> Result<R, E>) -> Result<Result<R, E>> {
    let mut kept = Vec::<u8>::new();
    kept.try_reserve_exact(size).map_err(|_| no_memory())?;
    black_box(&kept); // an allocation that nothing uses may be optimised away
    Ok(work())
}

/// Runs `work` so that it leaves the headroom free.
///
/// # Errors
///
/// Those of `work`; [`Error::Refused`] if there is too little memory.
pub(crate) fn with_headroom<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    leaving(headroom(), work)?
}

/// Makes room for `more` items, which are given up when the request has been dealt with.
///
/// # Errors
///
/// [`Error::Refused`] if there is too little memory.
pub(crate) fn reserve<T>(items: &mut Vec<T>, more: usize) -> Result<()> {
    match items.capacity() - items.len() >= more {
        true => Ok(()),
        false => leaving(headroom(), || items.try_reserve(more))?.map_err(|_| no_memory()),
    }
}

/// Runs `reserve`, which gets memory for what is to stay, and looks whether what the request has
/// taken so far may stay.
///
/// # Errors
///
/// As for [`reserve`].
pub(crate) fn reserve_to_store<E>(reserve: impl FnOnce() -> Result<(), E>) -> Result<()> {
    leaving(2 * headroom(), reserve)?.map_err(|_| no_memory())
}

/// [`reserve`] in a decoder. serde's errors cannot carry ours: see [`refusal_or`].
pub(crate) fn reserve_in_decoder<T, E: de::Error>(
    items: &mut Vec<T>,
    more: usize,
) -> Result<(), E> {
    reserve(items, more).map_err(|e| {
        WAS_REFUSED.set(true);
        E::custom(e)
    })
}

/// What receiving or decoding a request has failed for: lack of memory, or this error.
pub(crate) fn refusal_or(error: Error) -> Error {
    match error {
        Error::System { source, .. } if source.kind() == ErrorKind::OutOfMemory => no_memory(),
        _ if WAS_REFUSED.take() => no_memory(),
        error => error,
    }
}

fn no_memory() -> Error {
    Error::Refused { why: "it has too little memory for this; ask for less at once".into() }
}
