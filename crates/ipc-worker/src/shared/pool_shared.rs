//! [`PoolShared`]: the memory that a pool shares with its workers.

use std::sync::atomic::AtomicU32;

use bytemuck::Zeroable;

use crate::shared::task_queue::TaskQueue;
use crate::shared::worker_table::WorkerTable;
use ipc_error::Result;
use ipc_memory::{Part, Received, Shared};
use ipc_ring::Ring;
use ipc_trace::internal::made;

pub struct PoolShared {
    pub tasks: TaskQueue,
    /// [`Message`](crate::shared::message::Message)s for the pool.
    pub results: Ring,
    tables: Shared<Tables>,
}

#[derive(Zeroable)]
#[repr(C)]
struct Tables {
    pool_sleeps: AtomicU32,
    workers: WorkerTable,
}

impl PoolShared {
    pub fn new() -> Result<Self> {
        let (tasks, results) = (TaskQueue::new()?, Ring::new(0, None)?);
        made(results.trace_id(), "results");
        Ok(PoolShared { tasks, results, tables: Shared::zeroed()? })
    }

    /// Its parts, for a supervisor that is no fork of the pool's process.
    pub(crate) fn pack(&self) -> Result<Vec<Part>> {
        let mut parts = self.tasks.pack()?;
        parts.extend(self.results.pack()?);
        parts.push(self.tables.pack()?);
        Ok(parts)
    }

    /// What the pool's process has [packed](Self::pack).
    pub(crate) fn unpack(parts: &mut Received) -> Result<Self> {
        let (tasks, results) = (TaskQueue::unpack(parts)?, Ring::unpack(parts)?);
        Ok(PoolShared { tasks, results, tables: Shared::unpack(parts)? })
    }

    pub fn workers(&self) -> &WorkerTable {
        &self.tables.workers
    }

    /// 1 while the pool waits for the doorbell, or is about to.
    pub fn pool_sleeps(&self) -> &AtomicU32 {
        &self.tables.pool_sleeps
    }
}
