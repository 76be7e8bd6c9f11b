//! [`NumberDecoder`]: items that are short numbers, which are read in registers.

use ipc_error::Result;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::decode::decode;
use crate::decoder::{Read, no_variant};
use crate::error::CodecError;
use crate::format::{Head, shift_of_uint};

/// Decodes an item of `len` bytes, fewer than 8, the first of which is the lowest.
///
/// # Errors
///
/// As for [`decode`].
#[inline]
pub fn decode_short<T: DeserializeOwned>(bytes: u64, len: usize) -> Result<T> {
    let number = NumberDecoder::default().decode(bytes, len);
    number.unwrap_or_else(|| decode(&bytes.to_le_bytes()[..len]))
}

/// Decodes items that are numbers, each of which is likely to have as many bytes as the last.
#[derive(Debug)]
pub struct NumberDecoder {
    /// The last number's length and mark, and how far its bytes are to be shifted.
    last: (u16, u32),
}

impl Default for NumberDecoder {
    #[inline]
    fn default() -> Self {
        NumberDecoder { last: (u16::MAX, 0) } // no short number has 255 bytes
    }
}

impl NumberDecoder {
    /// Decodes an item of `len` bytes, fewer than 8, the first of which is the lowest. `None` if it is no
    /// number, or a negative one.
    #[inline]
    pub fn decode<T: DeserializeOwned>(&mut self, bytes: u64, len: usize) -> Option<Result<T>> {
        let number = Number(self.number(bytes, len)?);
        Some(T::deserialize(number).map_err(CodecError::in_decode))
    }

    #[inline]
    fn number(&mut self, bytes: u64, len: usize) -> Option<u64> {
        let len_and_mark = (bytes << 8 | len as u64) as u16;
        if self.last.0 != len_and_mark {
            let mark = bytes as u8;
            if len == 1 && mark < 0x80 {
                return Some(mark.into());
            }
            self.last = (len_and_mark, shift_of_uint(mark, len)?);
        }
        Some((bytes >> 8 << self.last.1).swap_bytes())
    }
}

/// Does with a number what a [`Decoder`](crate::decoder::Decoder) does.
struct Number(u64);

impl<'de> Deserializer<'de> for Number {
    type Error = CodecError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_u64(self.0)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        no_variant(Head::Uint(self.0), &visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
