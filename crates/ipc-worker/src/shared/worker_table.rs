//! [`WorkerTable`]: what each worker is doing, in shared memory.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use bytemuck::Zeroable;

use crate::shared::task_queue::TaskNumber;
use ipc_sync::internal::Deadline;

/// The most workers that a pool has.
pub const MAX_WORKERS: usize = 1024;

#[derive(Zeroable)]
#[repr(transparent)]
pub struct WorkerTable([WorkerSlot; MAX_WORKERS]);

impl WorkerTable {
    /// The slots of the first `workers` workers.
    pub fn slots(&self, workers: usize) -> &[WorkerSlot] {
        &self.0[..workers]
    }

    /// Whether a worker has this task in hand.
    pub fn has_busy(&self, task: TaskNumber) -> bool {
        self.0.iter().any(|slot| slot.state() == WorkerState::Busy(task))
    }
}

/// One worker's entry. It outlives the worker, and is cleared for the next.
#[derive(Zeroable)]
#[repr(C)]
pub struct WorkerSlot {
    /// [`WorkerState`] as bits.
    state: AtomicU64,
    /// When the time of the task in hand is up, in nanoseconds; 0 if it has no limit.
    time_limit: AtomicU64,
    /// The limit itself, in nanoseconds.
    limit: AtomicU64,
    /// The worker's id; 0 if there is none.
    pid: AtomicU32,
}

/// What a worker is doing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum WorkerState {
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
    pub fn set_state(&self, state: WorkerState) {
        self.state.store(state.to_bits(), Release);
    }

    fn state(&self) -> WorkerState {
        WorkerState::from_bits(self.state.load(Acquire))
    }

    /// Notes when the time of the task in hand is up, which is so long.
    pub fn start_time(&self, limit: Duration) {
        self.limit.store(limit.as_nanos() as u64, Relaxed);
        self.time_limit.store(Deadline::after(limit).nanoseconds(), Relaxed);
    }

    /// Notes that no time is running.
    pub fn stop_time(&self) {
        self.time_limit.store(0, Relaxed);
    }

    pub fn set_pid(&self, pid: u32) {
        self.pid.store(pid, Relaxed);
    }

    pub fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Relaxed)).filter(|&pid| pid > 0)
    }

    /// Clears it after its worker's end: what the worker was doing, and the limit of its task if that
    /// time was up.
    pub fn clear(&self) -> (WorkerState, Option<Duration>) {
        self.set_pid(0);
        let state = self.state.swap(WorkerState::Starting.to_bits(), AcqRel);
        let end = self.time_limit.swap(0, Relaxed);
        let limit = Duration::from_nanos(self.limit.load(Relaxed));
        let is_late = end > 0 && Deadline::at(end).is_past();
        (WorkerState::from_bits(state), is_late.then_some(limit))
    }
}
