//! Items to bytes.

use ipc_error::Result;
use serde::Serialize;

use crate::encoder::{Encoder, TakeMany};
use crate::error::CodecError;

/// Appends an item's bytes. After an error, `into` has part of them.
///
/// # Errors
///
/// [`Error::Encode`](ipc_error::Error::Encode) if the item cannot be serialised.
#[inline]
pub fn encode<T: Serialize + ?Sized>(item: &T, into: &mut Vec<u8>) -> Result<()> {
    let encoder = Encoder::new(into, None);
    item.serialize(encoder).map_err(CodecError::in_encode)
}

/// The same. But if the item is nothing but many bytes, they are offered to `take_many` where they
/// lie. It is called in the middle of the item's `serialize`, which may fail after it.
///
/// # Errors
///
/// As for [`encode`], and those of `take_many`.
pub fn encode_but_many_bytes<T: Serialize + ?Sized>(
    item: &T,
    into: &mut Vec<u8>,
    take_many: &mut TakeMany<'_>,
) -> Result<()> {
    let encoder = Encoder::new(into, Some(take_many));
    item.serialize(encoder).map_err(CodecError::in_encode)
}
