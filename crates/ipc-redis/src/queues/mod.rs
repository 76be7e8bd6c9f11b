//! Queues: `queue`, a plain list; `joinable` with its two sides, `producer` and `consumer`; `item`,
//! what a consumer has in hand, and its end, `finish`; `join`, the end of all; `group`, what Redis
//! calls a queue's consumers.

pub(crate) mod consumer;
pub(crate) mod finish;
mod group;
pub(crate) mod item;
mod join;
pub(crate) mod joinable;
pub(crate) mod producer;
pub(crate) mod queue;
