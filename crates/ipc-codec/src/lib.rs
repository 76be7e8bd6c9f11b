//! Items to bytes and back, in MessagePack.
//!
//! It says of each value what it is, which `serde_json::Value`, untagged enums and flattened
//! structs need, and names fields, so that they may be left out. What JSON carries it carries:
//!
//! - To a type it calls itself human-readable, as JSON does: serde's buffers (behind untagged,
//!   tagged and flattened types) do so in any case, and an address that was encoded as four bytes
//!   is not decoded from there.
//! - Only `serialize_bytes` makes bytes. They come back as bytes where a type asks for bytes, and
//!   as a sequence of numbers where it takes anything.
//! - A sequence or map may have another length than it said, or none.
//!
//! From the bottom up: `error`; `short`, values of a few bytes; `format`, the marks; `compound`,
//! `encoder`, `encode`; `decoder`, `decode`, `number_decoder`; `bulk_bytes`, items that are nothing but
//! many bytes; `buffer`; `message`.

#![forbid(unsafe_code)]

mod buffer;
mod bulk_bytes;
mod compound;
mod compound_elements;
mod decode;
mod decoder;
mod decoder_access;
mod encode;
mod encoder;
mod error;
mod format;
mod message;
mod number_decoder;
mod short;

pub use buffer::{empty, with_buffer};
pub use bulk_bytes::{body_of_bytes, decode_bytes};
pub use decode::decode;
pub use encode::{encode, encode_but_many_bytes, encode_short};
pub use ipc_error::{Error, Result};
pub use message::Message;
pub use number_decoder::{NumberDecoder, decode_short};
pub use short::Short;
