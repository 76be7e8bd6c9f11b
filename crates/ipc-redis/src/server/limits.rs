//! How much goes over one connection, and how long it may take.

use std::time::Duration;

use ipc_codec::{Message, encode};

use crate::error::{Error, Result};

/// The largest item. The server cuts a subscribed connection that lags behind by more than 32 MiB
/// (`client-output-buffer-limit pubsub`).
pub(crate) const LARGEST: usize = 16 << 20;

/// How many ids or items go in one command.
pub(crate) const MOST_AT_ONCE: usize = 500;

/// For how long the server remembers a client's last change: a reply that was lost is asked for again
/// at once, or never.
pub(crate) const REMEMBERED_SECONDS: u64 = 3600;

/// No command blocks the server's side of a connection for longer: a producer or consumer looks again
/// after this, whatever wakes were lost with a process that was killed.
pub(crate) const LONGEST_BLOCK: Duration = Duration::from_secs(1);

/// By how much it may do so longer.
pub(crate) const LATE: Duration = Duration::from_millis(2);

/// For how long a connection that works is silent.
pub(crate) const SILENCE: Duration = Duration::from_secs(6);

/// How many items can be asked for, so that the reply is no longer than the largest item.
pub(crate) fn count_at_once(largest: usize) -> usize {
    (LARGEST / largest.max(1)).clamp(1, MOST_AT_ONCE)
}

/// The bytes of an item that is to be put.
pub(crate) fn encoded<T: Message>(item: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    encode(item, &mut bytes)?;
    if bytes.len() > LARGEST {
        return Err(Error::TooLarge { size: bytes.len(), limit: LARGEST });
    }
    Ok(bytes)
}
