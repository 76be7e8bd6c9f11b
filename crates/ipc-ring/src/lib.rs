//! A queue of byte strings in shared memory that no `kill -9` can break.
//!
//! It is what the queues and pools of `ipc_common` stand on; programs use these. The [`Ring`] is the
//! place to begin reading: how it is laid out, and the rule that makes a kill at any instruction
//! harmless.

mod memory_limit;
#[allow(unsafe_code, reason = "items are bytes in shared memory")]
mod ring;

pub use ipc_error::{Error, Result};
pub use ring::Ring;
pub use ring::get::First;
pub use ring::get_many::Several;
pub use ring::record::{Item, Items, Records};
pub use ring::reservation::Reservation;
