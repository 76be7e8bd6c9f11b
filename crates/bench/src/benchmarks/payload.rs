//! What goes through queues: items that carry a number, so that what arrives can be checked.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// An item that carries a number.
pub trait Payload: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// Makes it the item with this number.
    fn stamp(&mut self, number: u64);

    /// Its number; another one if the item has come to harm.
    fn number(&self) -> u64;
}

impl Payload for u64 {
    fn stamp(&mut self, number: u64) {
        *self = number;
    }

    fn number(&self) -> u64 {
        *self
    }
}

/// About 64 bytes on their way, with a text.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub(crate) struct Order {
    id: u64,
    price: f64,
    customer: String,
}

impl Order {
    pub(crate) fn new() -> Order {
        Order { id: 0, price: 12.5, customer: "Guest at the window table".into() }
    }
}

impl Payload for Order {
    fn stamp(&mut self, number: u64) {
        self.id = number;
    }

    fn number(&self) -> u64 {
        if self.customer.len() == 25 { self.id } else { u64::MAX }
    }
}

/// Bytes carry their number at both ends.
pub(crate) fn bytes(len: usize) -> ByteBuf {
    ByteBuf::from(vec![7; len])
}

impl Payload for ByteBuf {
    fn stamp(&mut self, number: u64) {
        let number = number.to_le_bytes();
        if let Some(first) = self.first_chunk_mut() {
            *first = number;
        }
        if let Some(last) = self.last_chunk_mut() {
            *last = number;
        }
    }

    fn number(&self) -> u64 {
        match (self.first_chunk(), self.last_chunk()) {
            (Some(first), Some(last)) if first == last => u64::from_le_bytes(*first),
            _ => u64::MAX,
        }
    }
}
