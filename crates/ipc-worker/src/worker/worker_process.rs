//! [`Worker`]: what a pool's worker does.

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::getppid;

use crate::shared::failure::{Failure, write_failure};
use crate::shared::message::Message;
use crate::shared::outbox::Outbox;
use crate::shared::task_queue::{TakenTask, TaskNumber};
use crate::shared::worker_table::{WorkerSlot, WorkerState};
use crate::worker::config::WorkerConfig;
use crate::worker::os::exit_at_once;
use crate::worker::task_timer::TaskTimer;
use ipc_codec::empty;
use ipc_error::{Error, Result};
use ipc_sync::internal::fork_generation;
use ipc_trace::internal::span_task;

pub(super) struct Worker<'a> {
    pub(super) slot: &'a WorkerSlot,
    pub(super) config: &'a WorkerConfig<'a>,
    pub(super) outbox: Outbox<'a>,
}

impl Worker<'_> {
    /// Does tasks until the pool is closed and none are left, or it has done its share.
    pub(super) fn run(&self) -> Result<()> {
        let supervisor = getppid();
        let timer = self.config.initialize().and_then(|()| {
            let timer = self.config.settings.task_timeout.map(|_| TaskTimer::new());
            timer.transpose().map_err(|e| e.to_string())
        });
        let mut timer = match timer {
            Ok(timer) => timer,
            Err(why) => {
                self.outbox.end_pool(&why);
                return Ok(());
            }
        };
        // An initializer that changes the user makes the kernel forget that this ends with its parent.
        set_pdeathsig(Signal::SIGKILL).map_err(|e| Error::system("set up a worker", "", e))?;
        if getppid() != supervisor {
            return Ok(());
        }
        self.outbox.send(&Message::WorkerReady)?;
        self.slot.set_state(WorkerState::Idle);
        let (mut task, mut results) = (TakenTask::default(), Vec::new());
        for _ in 0..self.config.settings.max_tasks.unwrap_or(u64::MAX) {
            match self.do_task(&mut task, &mut results, &mut timer) {
                Err(Error::Closed) => break,
                done => done?,
            }
        }
        Ok(())
    }

    /// Waits for a task, does it, and sends its results. The buffers are kept for the next.
    fn do_task(
        &self,
        task: &mut TakenTask,
        results: &mut Vec<u8>,
        timer: &mut Option<TaskTimer>,
    ) -> Result<()> {
        let mut number = None;
        self.outbox.shared.tasks.take(task, |taken| {
            self.slot.set_state(WorkerState::Busy(taken));
            number = Some(taken);
        })?;
        let number = number.expect("`take` calls the closure");
        let limit = task.limit().or(self.config.settings.task_timeout);
        if let Some(limit) = limit {
            if timer.is_none() {
                *timer = Some(TaskTimer::new()?);
            }
            timer.as_mut().map_or(Ok(()), |timer| timer.start(self.slot, limit))?;
        }
        empty(results);
        Message::TaskDone(number, &[]).write(results);
        let me = fork_generation();
        let running = span_task(number.to_bits());
        task.run(self.config.closure.as_ref(), results);
        if fork_generation() != me {
            exit_at_once(); // this is a copy of the worker, which the task has made by a fork
        }
        drop(running);
        if let (Some(timer), Some(_)) = (timer, limit) {
            timer.stop(self.slot)?;
        }
        self.send(number, results)?;
        self.slot.set_state(WorkerState::Idle);
        Ok(())
    }

    /// Sends the results of a task, or that they are too large.
    fn send(&self, task: TaskNumber, results: &mut Vec<u8>) -> Result<()> {
        match self.outbox.send_written(results) {
            Err(e @ Error::TooLarge { .. }) => {
                results.clear();
                Message::TaskDone(task, &[]).write(results);
                write_failure(results, Failure::NotEncoded(e.to_string()));
                self.outbox.send_written(results)
            }
            sent => sent,
        }
    }
}
