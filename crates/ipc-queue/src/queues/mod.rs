//! Items from any process to any other.
//!
//! From the bottom up: `queue`; `ledger`, which items are in hand; `joinable`. What both queues offer
//! besides: `put`; `put_many`, `get_many`; `items`, a loop over them; `descriptor`, waiting for them
//! among other things.

mod descriptor;
mod get_many;
pub(crate) mod items;
pub(crate) mod joinable;
mod ledger;
mod put;
mod put_many;
pub(crate) mod queue;
