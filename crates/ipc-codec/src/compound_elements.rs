//! What serde wants of a [`Compound`]: its elements, one after another.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use crate::compound::Compound;
use crate::encoder::{Encoder, Written};
use crate::error::CodecError;
use crate::format::write_str;
use crate::short::Short;

impl Compound<'_> {
    #[inline]
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Written<()> {
        value.serialize(Encoder::element(self.out, self.levels))?.append_to(self.out);
        Ok(())
    }

    #[inline]
    fn write_counted<T: Serialize + ?Sized>(&mut self, value: &T) -> Written<()> {
        self.count += 1;
        self.write(value)
    }

    #[inline]
    fn write_field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Written<()> {
        write_str(self.out, name)?;
        self.write_counted(value)
    }
}

macro_rules! compound {
    ($($kind:ident: $($method:ident ($($name:ident)?) = $write:ident),*;)*) => {
        $(impl $kind for Compound<'_> {
            type Ok = Short;
            type Error = CodecError;

            $(#[inline]
            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: &'static str,)?
                value: &T,
            ) -> Written<()> {
                self.$write($($name,)? value)
            })*

            #[inline]
            fn end(self) -> Written {
                Compound::end(self)?;
                Ok(Short::IN_BUFFER)
            }
        })*
    };
}

compound! {
    SerializeSeq: serialize_element() = write_counted;
    SerializeTuple: serialize_element() = write_counted;
    SerializeTupleStruct: serialize_field() = write_counted;
    SerializeTupleVariant: serialize_field() = write_counted;
    SerializeMap: serialize_key() = write, serialize_value() = write_counted;
    SerializeStruct: serialize_field(name) = write_field;
    SerializeStructVariant: serialize_field(name) = write_field;
}
