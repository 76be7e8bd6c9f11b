//! [`Message`]: what can go from one process to another.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What can go from one process to another: whatever serde can serialise and deserialise.
///
/// Derive serde's two traits for a type, and it is a `Message`; there is nothing to implement. In
/// Python it is what can be pickled.
///
/// ```
/// use ipc_common::{Message, Queue};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// enum Order {
///     Noodles { portions: u32 },
///     Tea,
/// }
///
/// fn first<T: Message>(queue: &Queue<T>) -> ipc_common::Result<T> {
///     queue.get()
/// }
///
/// let orders = Queue::new()?;
/// orders.put(&Order::Noodles { portions: 2 })?;
/// assert_eq!(first(&orders)?, Order::Noodles { portions: 2 });
/// # Ok::<(), ipc_common::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go to another process",
    note = "derive serde's `Serialize` and `Deserialize` for it, and let it own what is in it"
)]
pub trait Message: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Message for T {}
