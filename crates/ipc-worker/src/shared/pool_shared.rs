//! [`PoolShared`]: the memory that a pool shares with its workers.

use std::sync::atomic::AtomicU32;

use bytemuck::Zeroable;

use crate::shared::task_queue::TaskQueue;
use crate::shared::worker_table::WorkerTable;
use ipc_error::Result;
use ipc_memory::Shared;
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

    pub fn workers(&self) -> &WorkerTable {
        &self.tables.workers
    }

    /// 1 while the pool waits for the doorbell, or is about to.
    pub fn pool_sleeps(&self) -> &AtomicU32 {
        &self.tables.pool_sleeps
    }
}
