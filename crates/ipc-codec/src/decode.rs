//! Bytes to items.

use ipc_error::Result;
use serde::de::DeserializeOwned;

use crate::decoder::{Decoder, Read};
use crate::error::{Cause, CodecError};

/// Decodes an item, which must be all of `bytes`.
///
/// # Errors
///
/// [`Error::Decode`](ipc_error::Error::Decode) if it is no `T`.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    read(bytes).map_err(CodecError::in_decode)
}

#[inline]
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Read<T> {
    let mut decoder = Decoder::new(bytes);
    let item = T::deserialize(&mut decoder)?;
    match decoder.rest().len() {
        0 => Ok(item),
        more => Err(Cause::LeftOver(more).into()),
    }
}
