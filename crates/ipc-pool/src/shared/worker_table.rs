//! [`WorkerTable`]: what each worker is doing, in shared memory.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use bytemuck::Zeroable;

use crate::shared::task_queue::TaskNumber;
use ipc_sync::internal::Deadline;

/// The most workers that a pool has.
pub(crate) const MAX_WORKERS: usize = 1024;

#[derive(Zeroable)]
#[repr(transparent)]
pub(crate) struct WorkerTable([WorkerSlot; MAX_WORKERS]);

impl WorkerTable {
    /// The slots of the first `workers` workers.
    pub(crate) fn slots(&self, workers: usize) -> &[WorkerSlot] {
        &self.0[..workers]
    }

    /// Whether a worker has this task in hand.
    pub(crate) fn has_busy(&self, task: TaskNumber) -> bool {
        self.0.iter().any(|slot| slot.state() == WorkerState::Busy(task))
    }
}

/// One worker's entry. It outlives the worker, and is cleared for the next.
#[derive(Zeroable)]
#[repr(C)]
pub(crate) struct WorkerSlot {
    /// [`WorkerState`] as bits.
    state: AtomicU64,
    /// When the time of the task in hand is up, in nanoseconds; 0 if it has no limit.
    time_limit: AtomicU64,
}

/// What a worker is doing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum WorkerState {
    /// It is being initialised.
    Starting,
    /// It waits for a task.
    Idle,
    /// It has this task in hand, or is about to take it.
    Busy(TaskNumber),
}

impl WorkerState {
    /// The kind in the lower half, a task's number in the upper. 0 is `Starting`.
    fn to_bits(self) -> u64 {
        match self {
            WorkerState::Starting => 0,
            WorkerState::Idle => 1,
            WorkerState::Busy(task) => u64::from(task.to_bits()) << 32 | 2,
        }
    }

    fn from_bits(bits: u64) -> Self {
        match bits as u32 {
            0 => WorkerState::Starting,
            1 => WorkerState::Idle,
            _ => WorkerState::Busy(TaskNumber::from_bits((bits >> 32) as u32)),
        }
    }
}

impl WorkerSlot {
    /// What a process does before it sets the state is visible to those that see it.
    pub(crate) fn set_state(&self, state: WorkerState) {
        self.state.store(state.to_bits(), Release);
    }

    fn state(&self) -> WorkerState {
        WorkerState::from_bits(self.state.load(Acquire))
    }

    /// Notes when the time of the task in hand is up.
    pub(crate) fn set_time_limit(&self, deadline: Option<Deadline>) {
        self.time_limit.store(deadline.map_or(0, Deadline::nanoseconds), Relaxed);
    }

    /// Clears it after its worker's end: what the worker was doing, and whether its task's time was
    /// up.
    pub(crate) fn clear(&self) -> (WorkerState, bool) {
        let state = self.state.swap(WorkerState::Starting.to_bits(), AcqRel);
        let limit = self.time_limit.swap(0, Relaxed);
        (WorkerState::from_bits(state), limit > 0 && Deadline::at(limit).is_past())
    }
}
