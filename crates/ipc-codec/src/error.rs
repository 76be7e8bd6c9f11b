//! [`CodecError`]: why an item could not be turned into bytes, or bytes into an item.

use std::fmt::Display;

use ipc_error::Error;
use serde::{de, ser};

/// An item may be nested this deep. As many levels fit on the stack of a thread (2 MiB) in a debug
/// build; for serde_json it is 127.
pub(crate) const DEEPEST: u8 = 128;

/// In a box, because a result that has it in it is handed on for each value, and almost never has.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct CodecError(Box<Cause>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("it is nested deeper than {DEEPEST} levels")]
    TooDeep,
    #[error("one part of it has {0} bytes or elements, and at most {max} are possible", max = u32::MAX)]
    TooLong(usize),
    #[error("the bytes end too early")]
    EndsEarly,
    #[error("{0} bytes are left over")]
    LeftOver(usize),
    #[error("what has been read has {0} more elements than the type")]
    MoreElements(usize),
    #[error("no value begins with byte {0:#04x}")]
    NoSuchMark(u8),
    /// What a type's `Serialize` or `Deserialize` says.
    #[error("{0}")]
    Type(String),
    /// What the place says that many bytes were to go to.
    #[error(transparent)]
    Place(Error),
}

impl CodecError {
    pub(crate) fn in_encode(self) -> Error {
        match *self.0 {
            Cause::Place(error) => error,
            cause => Error::Encode(cause.into()),
        }
    }

    pub(crate) fn in_decode(self) -> Error {
        Error::Decode(self.0)
    }
}

impl From<Cause> for CodecError {
    #[cold]
    fn from(cause: Cause) -> Self {
        CodecError(cause.into())
    }
}

impl ser::Error for CodecError {
    fn custom<T: Display>(message: T) -> Self {
        Cause::Type(message.to_string()).into()
    }
}

impl de::Error for CodecError {
    fn custom<T: Display>(message: T) -> Self {
        Cause::Type(message.to_string()).into()
    }
}
