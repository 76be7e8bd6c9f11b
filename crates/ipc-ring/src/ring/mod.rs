//! [`Ring`]: a queue of byte strings in shared memory that no `kill -9` can break.
//!
//! ```text
//!            taken                      put
//!              │ count of items           │ count of items
//!              ▼                          ▼
//!  data  ┌────┬────────────┬───────┬─────┬──────────────────────────────────┐
//!        │free│ len │ item │ …     │ …   │ free, mostly never touched       │
//!        └────┴────────────┴───────┴─────┴──────────────────────────────────┘
//!              ▲ head                     ▲ tail
//! ```
//!
//! Producers work under one robust mutex, consumers under another, so that the two sides only meet
//! in the two counts.
//!
//! *The rule that makes a kill at any instruction harmless*: all that a `put` does is invisible
//! until it adds to `put`, and all that a `get` does until it adds to `taken`: one for one item, and
//! for several their number. Each side keeps two copies of its cursor, with the counts at which they
//! are valid; a step writes the one that is not valid now. A process killed before the count changes has had no effect. One that
//! is killed after it has done all but release the mutex, which the kernel does.
//!
//! *No thread sleeps for ever.* At most one of each side sleeps for the other, and holds its own
//! side's mutex; if it is killed, the kernel gives the mutex to the next, which looks for itself. It
//! sleeps on the other side's count, and marks it. A marked count is only ever changed by a system
//! call that wakes at the same time, so that a kill cannot come between the two.
//!
//! *Memory follows the backlog.* Records are contiguous. Where it pays, a producer leaves a wrap
//! mark behind and goes on at the beginning, so that the bytes in use stay few and in the cache.

mod bell;
mod data;
pub(crate) mod get;
pub(crate) mod get_many;
mod layout;
pub(crate) mod put;
pub(crate) mod put_many;
pub(crate) mod record;
pub(crate) mod reservation;

use ipc_error::Result;
use ipc_memory::{GrowingMapping, Part, Received, Shared};
use ipc_sync::internal::{Count, Deadline, EventCount, StateGuard};
use ipc_trace::internal::address;

use crate::memory_limit::memory_limit;
use crate::ring::bell::Bell;
use crate::ring::layout::Control;

/// Counts wrap around; no more items than half their range can be told apart.
const MOST_ITEMS: u32 = Count::HALF_RANGE;

/// Room for a page of small items.
const LEAST_BYTES: usize = 64 << 10;

/// See the head of this file.
#[derive(Debug)]
pub struct Ring {
    control: Shared<Control>,
    data: GrowingMapping,
    /// The ring is full with this number of items.
    limit: u32,
    /// See [`set_bell`](Ring::set_bell).
    bell: Option<Bell>,
}

impl Ring {
    /// A ring that is full with `limit` items, or so many bytes; with 0 items only memory limits it.
    /// `None` stands for a quarter of the memory that this process may use. If no address space for so
    /// many bytes can be had, they are fewer.
    pub fn new(limit: usize, bytes: Option<usize>) -> Result<Self> {
        let limit = u32::try_from(limit).unwrap_or(MOST_ITEMS).min(MOST_ITEMS);
        let limit = if limit == 0 { MOST_ITEMS } else { limit };
        let bytes = bytes.unwrap_or_else(|| memory_limit() / 4).max(LEAST_BYTES);
        let data = GrowingMapping::new(bytes)?;
        Ok(Ring { control: Shared::zeroed()?, data, limit, bell: None })
    }

    /// Its parts of what it belongs to.
    pub fn pack(&self) -> Result<Vec<Part>> {
        let [memory, len] = self.data.pack()?;
        let [limit, has_bell] = [self.limit.into(), self.bell.is_some().into()].map(Part::Number);
        let mut parts = vec![self.control.pack()?, memory, len, limit, has_bell];
        parts.extend(self.bell.as_ref().map(Bell::pack).transpose()?);
        Ok(parts)
    }

    /// What another process has [packed](Self::pack).
    pub fn unpack(parts: &mut Received) -> Result<Self> {
        let (control, data) = (Shared::unpack(parts)?, GrowingMapping::unpack(parts)?);
        let limit = parts.number()? as u32;
        let bell = if parts.number()? == 0 { None } else { Some(Bell::of(parts.file()?)) };
        Ok(Ring { control, data, limit, bell })
    }

    /// By which traces know it.
    pub fn trace_id(&self) -> u64 {
        address(&*self.control)
    }

    /// How many items were ever put.
    pub fn put_count(&self) -> &EventCount {
        &self.control.put
    }

    /// How many items were ever taken.
    pub fn taken_count(&self) -> &EventCount {
        &self.control.taken
    }

    /// The number of items, exact at one moment during the call.
    pub fn len(&self) -> u32 {
        self.control.put.ahead_of(&self.control.taken)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// With how many items it is full.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether [`close`](Ring::close) was called.
    pub fn is_closed(&self) -> bool {
        self.control.put.is_closed()
    }

    /// Whether there is no room: for one more item at all, or for the one that a producer last tried to
    /// put.
    pub fn is_full(&self) -> bool {
        let Control { taken, producers, .. } = &*self.control;
        if self.len() >= self.limit || producers.no_room.is_noted_at(taken.count()) {
            return true;
        }
        // While another producer is at work, it finds out.
        let guard = StateGuard::take_until(&producers.lock, Deadline::NOW, || true);
        matches!(guard, Ok(Some(_guard)) if !self.has_room_for_the_least())
    }

    /// From now on nothing can be put. Wakes all sleepers.
    ///
    /// A process killed between the two steps may leave producers asleep. Each call that finds the
    /// ring closed closes it again, and so wakes them.
    pub fn close(&self) {
        let Control { put, taken, .. } = &*self.control;
        self.ring_and_close(|| {
            put.close();
            taken.close();
        });
    }
}
