//! [`CodecError`]: why an item could not be turned into bytes, or bytes into an item.

use std::fmt::Display;

use ipc_error::Error;
use serde::{de, ser};

/// An item may be nested this deep. As many levels fit on the stack of a thread (2 MiB) in a debug
/// build; for serde_json it is 127.
pub(crate) const DEEPEST: u8 = 128;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
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
        match self {
            CodecError::Place(error) => error,
            error => Error::Encode(error.into()),
        }
    }

    pub(crate) fn in_decode(self) -> Error {
        Error::Decode(self.into())
    }
}

impl ser::Error for CodecError {
    fn custom<T: Display>(message: T) -> Self {
        CodecError::Type(message.to_string())
    }
}

impl de::Error for CodecError {
    fn custom<T: Display>(message: T) -> Self {
        CodecError::Type(message.to_string())
    }
}
