//! [`TaskTimer`]: a task's time limit.

use std::time::Duration;

use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;

use crate::shared::worker_table::WorkerSlot;
use ipc_error::{Error, Result};

/// The kernel kills this process when the time has passed, whatever the task does.
pub(super) struct TaskTimer(Timer);

impl TaskTimer {
    pub(super) fn new() -> Result<Self> {
        let kill = SigevNotify::SigevSignal { signal: Signal::SIGKILL, si_value: 0 };
        let timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(kill));
        timer.map(TaskTimer).map_err(|e| Error::system("make a timer for tasks", "", e))
    }

    /// Starts it, and notes in the slot when the time is up: so the supervisor can tell this end
    /// from another kill.
    pub(super) fn start(&mut self, slot: &WorkerSlot, limit: Duration) -> Result<()> {
        slot.start_time(limit);
        self.set(limit)
    }

    pub(super) fn stop(&mut self, slot: &WorkerSlot) -> Result<()> {
        self.set(Duration::ZERO)?;
        slot.stop_time();
        Ok(())
    }

    fn set(&mut self, time: Duration) -> Result<()> {
        let time = Expiration::OneShot(TimeSpec::from_duration(time));
        let set = self.0.set(time, TimerSetTimeFlags::empty());
        set.map_err(|e| Error::system("set the timer for tasks", "", e))
    }
}
