//! What a manager's clients ask of its server, and what it replies.

use serde::{Deserialize, Serialize};

use crate::blob::{Blob, Blobs};

/// To make an object, or to do something with the object of a number.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) enum Request {
    NewDict,
    NewList,
    Do(usize, Operation),
}

#[derive(Serialize, Deserialize, Debug)]
pub(crate) enum Operation {
    Len,
    Clear,
    /// Of a dict, key and value by turns.
    All,
    Get(Blob),
    Set(Blob, Blob),
    Delete(Blob),
    /// Sets a key that has no value.
    SetNew(Blob, Blob),
    /// Takes out the pair that was put in last.
    PopPair,
    /// If the key's value, or that there is none, is the first, it becomes the second; replies with a
    /// number then, and otherwise with what there is.
    Change(Blob, Option<Blob>, Option<Blob>),
    GetAt(usize),
    SetAt(usize, Blob),
    InsertAt(usize, Blob),
    DeleteAt(usize),
    /// As [`Change`](Operation::Change).
    ChangeAt(usize, Blob, Blob),
    /// From one place to before another.
    Slice(usize, usize),
    /// Of a dict, with key and value by turns.
    Extend(Blobs),
    Pop,
    Reverse,
}

/// The client reads `I` as [`Blobs`]; the server writes items where they are stored.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) enum Reply<I = Blobs> {
    /// A length, or the number of a new object.
    Number(usize),
    /// What was asked for, or what was there before.
    Items(I),
    /// The list has no such place.
    OutOfRange { index: usize, len: usize },
    /// Nothing was done, and the connection ends; this says why.
    Refused(String),
}

impl Reply {
    pub(crate) fn number(&self) -> usize {
        match self {
            Reply::Number(number) => *number,
            _ => unreachable!("the server replies with a number where one is asked for"),
        }
    }

    pub(crate) fn items(self) -> Vec<Blob> {
        match self {
            Reply::Items(items) => items.0,
            _ => unreachable!("the server replies with items where such are asked for"),
        }
    }
}
