//! Items from any process to any other.
//!
//! From the bottom up: `queue`; `ledger`, which items are in hand; `joinable`. What both queues offer
//! besides: `put`; `items`, a loop over them; `descriptor`, waiting for them among other things.

mod descriptor;
pub(crate) mod items;
pub(crate) mod joinable;
mod ledger;
mod put;
pub(crate) mod queue;
