//! [`Blob`]: an item as bytes.

use std::fmt;

use serde::de::{self, DeserializeOwned, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::memory::reserve_in_decoder;
use ipc_codec::{decode, encode};
use ipc_error::Result;

/// An encoded item. The server does not look into it.
#[derive(Default, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Blob(Vec<u8>);

impl Blob {
    /// Encodes an item.
    pub(crate) fn of<T: Serialize + ?Sized>(item: &T) -> Result<Self> {
        let mut bytes = Vec::new();
        encode(item, &mut bytes)?;
        Ok(Blob(bytes))
    }

    /// Decodes the item.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        decode(&self.0)
    }

    /// The number of bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BlobVisitor)
    }
}

struct BlobVisitor;

impl Visitor<'_> for BlobVisitor {
    type Value = Blob;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item as bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Blob, E> {
        let mut blob = Vec::new();
        reserve_in_decoder(&mut blob, bytes.len())?;
        blob.extend_from_slice(bytes);
        Ok(Blob(blob))
    }
}

/// A list of items. serde's own way to make a `Vec` aborts the process where memory is short.
#[derive(Default, Debug)]
pub(crate) struct Blobs(pub(crate) Vec<Blob>);

impl Serialize for Blobs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_all(&self.0, self.0.len(), serializer)
    }
}

/// Serialises `len` items as a [`Blobs`].
pub(crate) fn serialize_all<'a, S: Serializer>(
    items: impl IntoIterator<Item = &'a Blob>,
    len: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(len))?;
    items.into_iter().try_for_each(|item| seq.serialize_element(item))?;
    seq.end()
}

impl<'de> Deserialize<'de> for Blobs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(BlobsVisitor)
    }
}

struct BlobsVisitor;

impl<'de> Visitor<'de> for BlobsVisitor {
    type Value = Blobs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items as bytes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Blobs, A::Error> {
        let mut blobs = Vec::new();
        while let Some(blob) = items.next_element()? {
            reserve_in_decoder(&mut blobs, 1)?;
            blobs.push(blob);
        }
        Ok(Blobs(blobs))
    }
}
