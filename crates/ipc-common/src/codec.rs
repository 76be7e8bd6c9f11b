//! Items to bytes and back, in MessagePack.
//!
//! It says of each value what it is, which `serde_json::Value`, untagged enums and flattened
//! structs need, and names fields, so that they may be left out. A list of bytes is kept as such.

use std::cell::Cell;

use rmp_serde::Serializer;
use rmp_serde::config::BytesMode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// What can go from one process to another: whatever serde can serialise and deserialise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go to another process",
    note = "derive serde's `Serialize` and `Deserialize` for it, and let it own what is in it"
)]
pub trait Message: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Message for T {}

thread_local! {
    /// Bytes on their way, so that not every item allocates.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A thread keeps a buffer of up to so much, and a larger one, since new memory costs more than to
/// copy it, until an item comes that does not need it.
const KEEP: usize = 4 << 20;
const KEEP_IF_NEEDED: usize = 96 << 20;

/// Calls `f` with an empty buffer.
pub(crate) fn with_buffer<R>(f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    // Taken, not borrowed: `f` runs the user's code, which may come here again.
    // (In a destructor at the thread's end there may be none any more.)
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    let result = f(&mut buffer);
    empty(&mut buffer);
    let _ = BUFFER.try_with(|kept| kept.set(buffer));
    result
}

/// Empties a buffer for the next use.
pub(crate) fn empty(buffer: &mut Vec<u8>) {
    let size = buffer.capacity();
    if size > KEEP_IF_NEEDED || size > KEEP && size / 2 > buffer.len() {
        *buffer = Vec::new();
    }
    buffer.clear();
}

pub(crate) fn encode<T: Serialize + ?Sized>(item: &T, into: &mut Vec<u8>) -> Result<()> {
    let mut serializer =
        Serializer::new(into).with_struct_map().with_bytes(BytesMode::ForceIterables);
    item.serialize(&mut serializer).map_err(|e| Error::Encode(Box::new(e)))
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    rmp_serde::from_slice(bytes).map_err(|e| Error::Decode(Box::new(e)))
}
