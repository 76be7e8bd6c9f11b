//! A pool's supervisor: the process that starts the workers, and others when they die.

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use nix::sys::signal::{SigHandler, Signal, signal};

use crate::task::{Failure, write_failure};
use crate::worker::{BUSY, Desk, Floor, IDLE, STARTING, Terms, work};
use ipc_error::Result;
use ipc_process::Child;
use ipc_process::Process;
use ipc_process::internal::PidFd;
use ipc_process::{Connection, Nothing, internal::wait_until};
use ipc_sync::internal::{Count, Deadline};

/// So many workers in a row may be killed before they are initialised.
const PATIENCE: u32 = 3;

pub(crate) struct Supervisor<'a> {
    pub floor: &'a Floor,
    pub workers: usize,
    pub terms: &'a Terms<'a>,
    pub bell: &'a OwnedFd,
    /// By a message through this the pool says that all are to end.
    pub leash: &'a Connection<Nothing, ()>,
    /// The pool's process: of the leash's other end its other children may have copies.
    pub owner: &'a PidFd,
}

impl<'a> Supervisor<'a> {
    /// Its life: until all is done, the pool is terminated, or a worker cannot be had.
    pub(crate) fn supervise(&self) -> ExitCode {
        // A handler of the pool's process might take the workers' exit codes.
        // SAFETY: no function of ours handles signals from now on.
        let _ = unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) };
        let mut crew = Vec::new();
        let end = self.keep_manned(&mut crew);
        // First all are killed, and then dropped, which reaps them.
        crew.iter().for_each(|(_, worker)| drop(worker.kill()));
        drop(crew); // so that none of them has a lock that the last message needs
        if let Err(why) = &end {
            self.floor.end(why, self.bell);
        }
        ExitCode::from(u8::from(end.is_err()))
    }

    /// The error is what the pool is to say.
    fn keep_manned(&self, crew: &mut Vec<(&'a Desk, Child)>) -> Result<(), String> {
        let mut hired = 0;
        let mut hire = |desk, crew: &mut Vec<(&Desk, Child)>| {
            hired += 1;
            let worker = Process::new(|| {
                crew.clear(); // their descriptors
                work(self.floor, desk, self.terms, self.bell)
            });
            let worker = worker.name(format!("PoolWorker-{hired}")).daemon(true).start();
            worker.map_err(|e| e.to_string())
        };
        for desk in &self.floor.board.desks[..self.workers] {
            let worker = hire(desk, crew)?;
            crew.push((desk, worker));
        }
        let mut stillborn = 0;
        while !crew.is_empty() {
            let mut sources: Vec<&dyn AsFd> = vec![self.leash, self.owner];
            sources.extend(crew.iter().map(|(_, worker)| worker as &dyn AsFd));
            let ready = wait_until(&sources, Deadline::NEVER).map_err(|e| e.to_string())?;
            for ready in ready.into_iter().rev() {
                let Some(ended) = ready.checked_sub(2) else { return Ok(()) };
                let (desk, worker) = crew.swap_remove(ended);
                let (pid, code) = (worker.pid(), worker.join().map_err(|e| e.to_string())?);
                drop(worker); // its descriptor is for the next
                let was_up = self.account_for(desk, pid, code).map_err(|e| e.to_string())?;
                stillborn = if was_up { 0 } else { stillborn + 1 };
                if !was_up && (code >= 0 || stillborn > PATIENCE) {
                    return Err(format!(
                        "worker {pid} ended with exit code {code} before it was initialised"
                    ));
                }
                if !self.floor.is_finished() {
                    let worker = hire(desk, crew)?;
                    crew.push((desk, worker));
                }
            }
        }
        Ok(())
    }

    /// Says what has become of the task that a worker had in hand when it ended, and clears its desk.
    /// Returns whether it had ever been ready for one.
    fn account_for(&self, desk: &Desk, pid: u32, code: i32) -> Result<bool> {
        let doing = desk.doing.swap(STARTING, SeqCst);
        let expires = desk.expires.swap(0, Relaxed);
        let task = doing & !BUSY;
        let was_taken =
            || self.floor.tasks.taken_count().count().is_after(Count::from_number(task >> 2));
        // If it died just before it took the task, somebody else has taken it, or will.
        let is_anothers =
            || self.floor.board.desks.iter().any(|desk| desk.doing.load(SeqCst) == doing);
        if doing != STARTING && doing != IDLE && was_taken() && !is_anothers() {
            let is_late = expires > 0 && Deadline::at(expires).is_past();
            let failure = match self.terms.limit {
                Some(limit) if is_late && code == -(Signal::SIGKILL as i32) => {
                    Failure::TimedOut { pid, limit }
                }
                _ => Failure::Died { pid, code },
            };
            let mut message = task.to_ne_bytes().to_vec();
            write_failure(&mut message, failure);
            self.floor.send(&message, self.bell)?;
        }
        Ok(doing != STARTING)
    }
}
