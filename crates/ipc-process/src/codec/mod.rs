//! Items to bytes and back, in MessagePack.
//!
//! It says of each value what it is, which `serde_json::Value`, untagged enums and flattened
//! structs need, and names fields, so that they may be left out. A list of bytes is kept as such.

use std::cell::Cell;
use std::io::{self, Write};

use rmp_serde::Serializer;
use rmp_serde::config::BytesMode;
use serde::de::value::SeqDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any};

use ipc_error::{Error, Result};

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
pub fn with_buffer<R>(f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    // Taken, not borrowed: `f` runs the user's code, which may come here again.
    // (In a destructor at the thread's end there may be none any more.)
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    let result = f(&mut buffer);
    empty(&mut buffer);
    let _ = BUFFER.try_with(|kept| kept.set(buffer));
    result
}

/// Empties a buffer for the next use.
pub fn empty(buffer: &mut Vec<u8>) {
    let size = buffer.capacity();
    if size > KEEP_IF_NEEDED || size > KEEP && size / 2 > buffer.len() {
        *buffer = Vec::new();
    }
    buffer.clear();
}

pub fn encode<T: Serialize + ?Sized>(item: &T, into: &mut Vec<u8>) -> Result<()> {
    encode_or_hand_over(item, into, |_, _| Err(Error::Full)).map(drop)
}

/// Encodes an item into a buffer. But if it is nothing but many bytes, they are handed over where
/// they lie, with what comes before them, instead of being copied, unless that is [`Error::Full`].
/// Returns whether that was done.
pub(crate) fn encode_or_hand_over<T: Serialize + ?Sized>(
    item: &T,
    buffer: &mut Vec<u8>,
    hand_over: impl FnMut(&[u8], &[u8]) -> Result<()>,
) -> Result<bool> {
    let mut writer = Writer { buffer, hand_over, handed_over: None };
    let mut serializer =
        Serializer::new(&mut writer).with_struct_map().with_bytes(BytesMode::ForceIterables);
    let encoded = item.serialize(&mut serializer);
    match writer.handed_over {
        Some(result) => result.map(|()| true),
        None => encoded.map(|()| false).map_err(|e| Error::Encode(Box::new(e))),
    }
}

struct Writer<'a, F> {
    buffer: &'a mut Vec<u8>,
    hand_over: F,
    handed_over: Option<Result<()>>,
}

impl<F: FnMut(&[u8], &[u8]) -> Result<()>> Write for Writer<'_, F> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() >= MANY && self.buffer[..] == head_of_bytes(bytes.len()) {
            match (self.hand_over)(self.buffer, bytes) {
                Err(Error::Full) => {}
                result => self.handed_over = Some(result),
            }
        }
        if self.handed_over.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// From so many on, bytes have a head of five bytes.
const MANY: usize = 64 << 10;

/// MessagePack's mark of bytes with a length of 32 bits.
const BIN_32: u8 = 0xc6;

/// What MessagePack writes before so many bytes.
fn head_of_bytes(len: usize) -> [u8; 5] {
    let [a, b, c, d] = (len as u32).to_be_bytes();
    [BIN_32, a, b, c, d]
}

/// The bytes of an item that is nothing but many bytes.
pub(crate) fn body_of_bytes(item: &[u8]) -> Option<&[u8]> {
    let (head, body) = item.split_first_chunk()?;
    (body.len() >= MANY && *head == head_of_bytes(body.len())).then_some(body)
}

pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    rmp_serde::from_slice(bytes).map_err(|e| Error::Decode(Box::new(e)))
}

/// Decodes what [`body_of_bytes`] was, without copying it again if the item is to own it as it is.
pub(crate) fn decode_bytes<T: DeserializeOwned>(body: Vec<u8>) -> Result<T> {
    T::deserialize(Bytes(body)).map_err(|e| Error::Decode(Box::new(e)))
}

/// What rmp-serde does with bytes, but that these have an owner.
struct Bytes(Vec<u8>);

impl<'de> Deserializer<'de> for Bytes {
    type Error = de::value::Error;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_byte_buf(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.deserialize_seq(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple_struct map struct enum identifier ignored_any
    }
}
