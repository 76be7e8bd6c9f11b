//! [`Decoder`]: reads one value, as serde asks for it.

use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{self, Deserializer, Expected, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::{Cause, CodecError, DEEPEST};
use crate::format::{Head, read_array, read_head, read_slice, read_uint, rest_behind_name};

pub(crate) type Read<T> = Result<T, CodecError>;

/// Reads values off the front of bytes.
pub(crate) struct Decoder<'de> {
    bytes: &'de [u8],
    /// How many more levels there may be.
    levels: u8,
    /// The name that is likely to come next; empty if there is none.
    likely_name: &'static str,
}

impl<'de> Decoder<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Decoder { bytes, levels: DEEPEST, likely_name: "" }
    }

    /// The name that is likely to come next.
    #[inline]
    pub(crate) fn expect_name(&mut self, name: &'static str) {
        self.likely_name = name;
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'de [u8] {
        self.bytes
    }

    #[inline]
    fn str(&mut self, len: usize) -> Read<&'de str> {
        let text = str::from_utf8(read_slice(&mut self.bytes, len)?);
        text.map_err(|e| Cause::Type(e.to_string()).into())
    }

    /// Reads what is one level deeper.
    #[inline]
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.levels = self.levels.checked_sub(1).ok_or_else(|| CodecError::from(Cause::TooDeep))?;
        let value = read(self);
        self.levels += 1;
        value
    }

    /// Reads the elements of a sequence or map, all of which must be wanted. If they have names, they
    /// are likely to be these.
    #[inline]
    fn elements<T>(
        &mut self,
        left: usize,
        names: &'static [&'static str],
        read: impl FnOnce(&mut Elements<'_, 'de>) -> Read<T>,
    ) -> Read<T> {
        self.deeper(|decoder| {
            let mut elements = Elements { decoder, left, names };
            let value = read(&mut elements)?;
            match elements.left {
                0 => Ok(value),
                more => Err(Cause::MoreElements(more).into()),
            }
        })
    }

    /// Reads a number, unless it is something else.
    #[inline]
    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        if let Some(n) = read_uint(&mut self.bytes) {
            return visitor.visit_u64(n);
        }
        match read_head(&mut self.bytes)? {
            Head::Int(n) => visitor.visit_i64(n),
            Head::F64(n) => visitor.visit_f64(n),
            head => self.value(head, visitor),
        }
    }

    /// Reads a text, unless it is something else.
    #[inline]
    fn text<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        match read_head(&mut self.bytes)? {
            Head::Str(len) => visitor.visit_borrowed_str(self.str(len)?),
            head => self.value(head, visitor),
        }
    }

    /// The value whose head has been read. (Apart from the numbers: most of it is never used by a
    /// type, and in line it would slow them down.)
    #[inline(never)]
    fn value<V: Visitor<'de>>(&mut self, head: Head, visitor: V) -> Read<V::Value> {
        match head {
            Head::Nil => visitor.visit_unit(),
            Head::Bool(yes) => visitor.visit_bool(yes),
            Head::Uint(n) => visitor.visit_u64(n),
            Head::Int(n) => visitor.visit_i64(n),
            Head::F32(n) => visitor.visit_f32(n),
            Head::F64(n) => visitor.visit_f64(n),
            Head::Str(len) => visitor.visit_borrowed_str(self.str(len)?),
            Head::Bin(len) => {
                let bytes = read_slice(&mut self.bytes, len)?;
                visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()))
            }
            Head::Array(len) => self.elements(len, &[], |elements| visitor.visit_seq(elements)),
            Head::Map(len) => self.elements(len, &[], |elements| visitor.visit_map(elements)),
        }
    }
}

macro_rules! read {
    ($read:ident: $($method:ident)*) => {
        $(#[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            self.$read(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = CodecError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let head = read_head(&mut self.bytes)?;
        self.value(head, visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let mut rest = self.bytes;
        match read_head(&mut rest)? {
            Head::Nil => {
                self.bytes = rest;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match read_head(&mut self.bytes)? {
            Head::Bin(len) => visitor.visit_borrowed_bytes(read_slice(&mut self.bytes, len)?),
            head => self.value(head, visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match read_head(&mut self.bytes)? {
            Head::Bin(16) => visitor.visit_u128(u128::from_be_bytes(read_array(&mut self.bytes)?)),
            head => self.value(head, visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match read_head(&mut self.bytes)? {
            Head::Bin(16) => visitor.visit_i128(i128::from_be_bytes(read_array(&mut self.bytes)?)),
            head => self.value(head, visitor),
        }
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match read_head(&mut self.bytes)? {
            Head::Map(len) => self.elements(len, names, |elements| visitor.visit_map(elements)),
            head => self.value(head, visitor),
        }
    }

    /// A name that is the likely one need not be looked at again: it is text.
    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match rest_behind_name(self.bytes, self.likely_name) {
            Some(rest) => {
                self.bytes = rest;
                visitor.visit_borrowed_str(self.likely_name)
            }
            None => self.text(visitor),
        }
    }

    /// A variant's name, or a map from its name to what is in it.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match read_head(&mut self.bytes)? {
            Head::Str(len) => visitor.visit_enum(StrDeserializer::new(self.str(len)?)),
            Head::Map(1) => self.deeper(|decoder| visitor.visit_enum(Variant { decoder })),
            head => no_variant(head, &visitor),
        }
    }

    read! { text: deserialize_str deserialize_string }

    read! {
        number: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
    }

    forward_to_deserialize_any! {
        bool char unit unit_struct seq tuple
        tuple_struct map ignored_any
    }
}

/// What begins like this is not what the visitor of an enum expects.
pub(crate) fn no_variant<T>(head: Head, expected: &dyn Expected) -> Read<T> {
    Err(de::Error::invalid_type(Unexpected::Other(&format!("{head:?}")), expected))
}

/// What is left of a sequence's elements or a map's entries.
pub(crate) struct Elements<'a, 'de> {
    pub decoder: &'a mut Decoder<'de>,
    pub left: usize,
    pub names: &'static [&'static str],
}

/// A variant that has something in it.
pub(crate) struct Variant<'a, 'de> {
    pub decoder: &'a mut Decoder<'de>,
}
