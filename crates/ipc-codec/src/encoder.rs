//! [`Encoder`]: writes one value, as serde tells it.

use ipc_error::Result;
use serde::ser::{Serialize, Serializer};

use crate::compound::Compound;
use crate::error::{Cause, CodecError, DEEPEST};
use crate::format::{
    ARRAY, FALSE, FLOAT_32, FLOAT_64, MAP, Marks, NIL, TRUE, head_of_many_bytes, int, uint,
    write_bytes, write_len, write_str,
};
use crate::short::Short;

/// From this size on, bytes that are a whole item may go another way.
pub(crate) const MANY: usize = 64 << 10;

/// Where the bytes of an item that is nothing but many bytes may go instead of into the buffer:
/// takes what comes before them, and them. `Ok(false)` if they are to go into the buffer.
pub(crate) type TakeMany<'a> = dyn FnMut(&[u8], &[u8]) -> Result<bool> + 'a;

/// Writes one value, or returns it if it is short.
pub(crate) struct Encoder<'a, 'm> {
    out: &'a mut Vec<u8>,
    /// How many more levels there may be.
    levels: u8,
    /// `None` for all values but the whole item.
    take_many: Option<&'a mut TakeMany<'m>>,
}

pub(crate) type Written<T = Short> = Result<T, CodecError>;

impl<'a, 'm> Encoder<'a, 'm> {
    pub(crate) fn new(out: &'a mut Vec<u8>, take_many: Option<&'a mut TakeMany<'m>>) -> Self {
        Encoder { out, levels: DEEPEST, take_many }
    }

    /// For an element of a compound.
    #[inline]
    pub(crate) fn element(out: &'a mut Vec<u8>, levels: u8) -> Self {
        Encoder { out, levels, take_many: None }
    }

    #[inline]
    fn deeper(self) -> Written<Self> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| CodecError::from(Cause::TooDeep))?;
        Ok(Encoder { levels, take_many: None, ..self })
    }

    #[inline]
    fn compound(self, marks: &'static Marks, len: Option<usize>) -> Written<Compound<'a>> {
        let Encoder { out, levels, .. } = self.deeper()?;
        Compound::begin(out, levels, marks, len)
    }

    fn bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Written {
        write_bytes(out, bytes)?;
        Ok(Short::IN_BUFFER)
    }

    /// For what an enum's variant has in it: a map from its name to that.
    fn variant(self, name: &str) -> Written<Self> {
        write_len(self.out, &MAP, 1)?;
        write_str(self.out, name)?;
        self.deeper()
    }
}

macro_rules! numbers {
    ($($method:ident: $from:ty, $short:ident;)*) => {
        $(#[inline]
        fn $method(self, n: $from) -> Written {
            Ok($short(n.into()))
        })*
    };
}

impl<'a> Serializer for Encoder<'a, '_> {
    type Ok = Short;
    type Error = CodecError;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    numbers! {
        serialize_u8: u8, uint;
        serialize_u16: u16, uint;
        serialize_u32: u32, uint;
        serialize_u64: u64, uint;
        serialize_i8: i8, int;
        serialize_i16: i16, int;
        serialize_i32: i32, int;
        serialize_i64: i64, int;
    }

    /// What fits into 64 bits goes as such a number, which a type can read that takes any.
    fn serialize_u128(self, n: u128) -> Written {
        match u64::try_from(n) {
            Ok(n) => self.serialize_u64(n),
            Err(_) => Self::bytes(self.out, &n.to_be_bytes()),
        }
    }

    fn serialize_i128(self, n: i128) -> Written {
        match (u64::try_from(n), i64::try_from(n)) {
            (Ok(n), _) => self.serialize_u64(n),
            (_, Ok(n)) => self.serialize_i64(n),
            _ => Self::bytes(self.out, &n.to_be_bytes()),
        }
    }

    #[inline]
    fn serialize_f32(self, n: f32) -> Written {
        Ok(Short::marked(FLOAT_32, n.to_bits().into(), 4))
    }

    #[inline]
    fn serialize_f64(self, n: f64) -> Written {
        Ok(Short::marked(FLOAT_64, n.to_bits(), 8))
    }

    #[inline]
    fn serialize_bool(self, yes: bool) -> Written {
        Ok(Short::of_byte(if yes { TRUE } else { FALSE }))
    }

    fn serialize_char(self, c: char) -> Written {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Written {
        write_str(self.out, text)?;
        Ok(Short::IN_BUFFER)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Written {
        if let Some(take_many) = self.take_many
            && bytes.len() >= MANY
            && u32::try_from(bytes.len()).is_ok()
            && take_many(&head_of_many_bytes(bytes.len()), bytes).map_err(Cause::Place)?
        {
            return Ok(Short::IN_BUFFER);
        }
        Self::bytes(self.out, bytes)
    }

    #[inline]
    fn serialize_unit(self) -> Written {
        Ok(Short::of_byte(NIL))
    }

    #[inline]
    fn serialize_none(self) -> Written {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Written {
        self.serialize_str(name)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Written {
        let Encoder { out, levels, .. } = self.variant(name)?;
        value.serialize(Encoder::element(out, levels))?.append_to(out);
        Ok(Short::IN_BUFFER)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Written<Compound<'a>> {
        self.compound(&ARRAY, len)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Written<Compound<'a>> {
        self.compound(&ARRAY, Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Written<Compound<'a>> {
        self.compound(&ARRAY, Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Written<Compound<'a>> {
        self.variant(name)?.compound(&ARRAY, Some(len))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Written<Compound<'a>> {
        self.compound(&MAP, len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Written<Compound<'a>> {
        self.compound(&MAP, Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Written<Compound<'a>> {
        self.variant(name)?.compound(&MAP, Some(len))
    }
}
