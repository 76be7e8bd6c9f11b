//! Items from any process to any other.
//!
//! From the bottom up: `queue`; `ledger`, which items are in hand; `joinable`.

pub(crate) mod joinable;
mod ledger;
pub(crate) mod queue;
