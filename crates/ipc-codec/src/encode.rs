//! Items to bytes.

use ipc_error::Result;
use serde::Serialize;

use crate::encoder::{Encoder, TakeMany};
use crate::error::CodecError;
use crate::short::Short;

/// Appends an item's bytes. After an error, `into` has part of them.
///
/// # Errors
///
/// [`Error::Encode`](ipc_error::Error::Encode) if the item cannot be serialised.
#[inline]
pub fn encode<T: Serialize + ?Sized>(item: &T, into: &mut Vec<u8>) -> Result<()> {
    encode_short(item, into)?.append_to(into);
    Ok(())
}

/// The same, but a short item is returned, and not appended.
///
/// # Errors
///
/// As for [`encode`].
#[inline]
pub fn encode_short<T: Serialize + ?Sized>(item: &T, into: &mut Vec<u8>) -> Result<Short> {
    let encoder = Encoder::new(into, None);
    item.serialize(encoder).map_err(CodecError::in_encode)
}

/// The same as [`encode_short`]. But if the item is nothing but many bytes, they are offered to
/// `take_many` where they lie. It is called in the middle of the item's `serialize`, which may fail
/// after it.
///
/// # Errors
///
/// As for [`encode`], and those of `take_many`.
pub fn encode_but_many_bytes<T: Serialize + ?Sized>(
    item: &T,
    into: &mut Vec<u8>,
    take_many: &mut TakeMany<'_>,
) -> Result<Short> {
    let encoder = Encoder::new(into, Some(take_many));
    item.serialize(encoder).map_err(CodecError::in_encode)
}
