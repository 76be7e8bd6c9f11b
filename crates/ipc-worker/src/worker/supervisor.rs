//! [`Supervisor`]: the process that starts a pool's workers, and others when they end.

use std::os::fd::AsFd;
use std::process::ExitCode;

use nix::sys::signal::Signal;

use crate::shared::failure::{Failure, write_failure};
use crate::shared::message::Message;
use crate::shared::outbox::Outbox;
use crate::shared::worker_table::{WorkerSlot, WorkerState};
use crate::worker::config::WorkerConfig;
use crate::worker::os::reset_sigchld;
use crate::worker::station::Station;
use crate::worker::worker_process::Worker;
use ipc_error::Result;
use ipc_process::{Child, Process, parent_process};
use ipc_queue::internal::wait_until;
use ipc_queue::{Connection, Nothing};
use ipc_sync::internal::Deadline;

/// How many workers in a row may be killed before they are initialised.
const MAX_FAILED_STARTS: u32 = 3;

pub struct Supervisor<'a> {
    outbox: Outbox<'a>,
    config: &'a WorkerConfig<'a>,
    shutdown: &'a Connection<Nothing, ()>,
    workers: Vec<(&'a WorkerSlot, Child)>,
    /// How many workers were started, and how many in a row were killed before they were ready.
    started: u32,
    failed_starts: u32,
}

impl<'a> Supervisor<'a> {
    pub fn new(station: &'a Station, config: &'a WorkerConfig<'a>) -> Self {
        let Station { shared, doorbell, shutdown } = station;
        let outbox = Outbox { shared, doorbell };
        let (workers, started, failed_starts) = (Vec::new(), 0, 0);
        Supervisor { outbox, config, shutdown, workers, started, failed_starts }
    }

    /// Keeps the workers until all tasks are done, the pool is terminated, or a worker
    /// cannot be had.
    pub fn run(mut self) -> ExitCode {
        reset_sigchld(); // a handler of the pool's process might take the workers' exit codes
        let ended = self.keep_workers();
        // Neither fails for a child of one's own that has not been reaped.
        self.workers.iter().for_each(|(_, worker)| drop(worker.kill()));
        self.workers.iter().for_each(|(_, worker)| drop(worker.join()));
        if let Err(why) = &ended {
            self.outbox.end_pool(why);
        }
        ExitCode::from(u8::from(ended.is_err()))
    }

    /// The error is what the pool is to say.
    fn keep_workers(&mut self) -> Result<(), String> {
        // The pool's process, whose end is seen by its pidfd: its other children may have copies of the
        // shutdown pipe's end, which then outlives it, and the kernel does not end this process with one
        // that has changed its user.
        let owner = parent_process().ok_or("its supervisor has no parent")?;
        for slot in self.outbox.shared.workers().slots(self.config.settings.workers) {
            self.spawn_worker(slot)?;
        }
        while !self.workers.is_empty() {
            let mut sources: Vec<&dyn AsFd> = vec![self.shutdown, &owner];
            let first_worker = sources.len();
            sources.extend(self.workers.iter().map(|(_, worker)| worker as &dyn AsFd));
            let ready = wait_until(&sources, Deadline::NEVER).map_err(|e| e.to_string())?;
            // From the last on: so those that are left keep their places.
            for ready in ready.into_iter().rev() {
                match ready.checked_sub(first_worker) {
                    Some(ended) => self.replace_worker(ended)?,
                    None => return Ok(()),
                }
            }
        }
        Ok(())
    }

    fn spawn_worker(&mut self, slot: &'a WorkerSlot) -> Result<(), String> {
        self.started += 1;
        let Supervisor { outbox, config, workers, started, .. } = self;
        let worker = Process::new(|| {
            workers.clear(); // closes their descriptors
            Worker { slot, config, outbox: *outbox }.run()
        });
        let worker = worker.name(format!("PoolWorker-{started}")).daemon(true).start();
        let worker = worker.map_err(|e| e.to_string())?;
        slot.set_pid(worker.pid());
        self.workers.push((slot, worker));
        Ok(())
    }

    /// Deals with the end of a worker.
    fn replace_worker(&mut self, place: usize) -> Result<(), String> {
        let (slot, worker) = self.workers.swap_remove(place);
        let (pid, code) = (worker.pid(), worker.join().map_err(|e| e.to_string())?);
        drop(worker); // its descriptor is for the next
        if self.report_lost_task(slot, pid, code).map_err(|e| e.to_string())? {
            self.failed_starts = 0;
        } else {
            self.failed_starts += 1;
            if code >= 0 || self.failed_starts > MAX_FAILED_STARTS {
                return Err(format!(
                    "worker {pid} ended with exit code {code} before it was initialised"
                ));
            }
        }
        match self.outbox.shared.tasks.is_finished() {
            true => Ok(()),
            false => self.spawn_worker(slot),
        }
    }

    /// Sends a failure for the task that a worker had in hand when it ended, and clears its slot.
    /// Returns whether the worker had ever been ready for a task.
    fn report_lost_task(&self, slot: &WorkerSlot, pid: u32, code: i32) -> Result<bool> {
        let (state, passed_limit) = slot.clear();
        let shared = self.outbox.shared;
        let WorkerState::Busy(task) = state else { return Ok(state != WorkerState::Starting) };
        // If it died just before it took the task, another worker has taken it, or will.
        if shared.tasks.was_taken(task) && !shared.workers().has_busy(task) {
            let failure = match passed_limit {
                Some(limit) if code == -(Signal::SIGKILL as i32) => {
                    Failure::TimedOut { pid, limit }
                }
                _ => Failure::Died { pid, code },
            };
            let mut message = Vec::new();
            Message::TaskDone(task, &[]).write(&mut message);
            write_failure(&mut message, failure);
            self.outbox.send_written(&message)?;
        }
        Ok(true)
    }
}
