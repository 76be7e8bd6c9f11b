//! Items that are nothing but many bytes: they are copied into a queue and out of it, and not once
//! more.

use ipc_error::Result;
use serde::de::value::SeqDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::encoder::MANY;
use crate::error::CodecError;
use crate::format::head_of_many_bytes;

/// The bytes of an item that is nothing but many bytes.
pub fn body_of_bytes(item: &[u8]) -> Option<&[u8]> {
    let (head, body) = item.split_first_chunk()?;
    (body.len() >= MANY && *head == head_of_many_bytes(body.len())).then_some(body)
}

/// Decodes what [`body_of_bytes`] was, without copying it again if the item is to own it as it is.
pub fn decode_bytes<T: DeserializeOwned>(body: Vec<u8>) -> Result<T> {
    T::deserialize(Bytes(body)).map_err(CodecError::in_decode)
}

/// What a `Decoder` does with bytes, but that these have an owner.
struct Bytes(Vec<u8>);

impl<'de> Deserializer<'de> for Bytes {
    type Error = CodecError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_byte_buf(self.0)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_byte_buf(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string unit unit_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}
