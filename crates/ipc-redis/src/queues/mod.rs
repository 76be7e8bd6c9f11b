//! Queues: `queue`, a plain list; `joinable` with its two sides, `producer` and `consumer`; `item`,
//! what a consumer has in hand.

pub(crate) mod consumer;
pub(crate) mod item;
pub(crate) mod joinable;
pub(crate) mod producer;
pub(crate) mod queue;
