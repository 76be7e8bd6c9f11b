//! A pool's workers, and what they share with the pool.
//!
//! ```text
//!   pool ──▶ tasks ──▶ workers ──▶ results ──▶ pool
//!    │                 ▲     ╲        ▲          ▲
//!    └─ forks ─▶ supervisor  desks ───┘          │
//!                      └────────────── bell ─────┘
//! ```
//!
//! A task is known by the count of tasks before it. A worker notes on its desk which one it takes,
//! before it is taken. So when a worker has died, whatever the instant, its supervisor knows which
//! task it had in hand, says in its place that it is lost, and starts another worker. If the worker
//! had sent its result, that came first, and what comes later is not listened to.
//!
//! The bell is a pipe whose other end only the pool has: it wakes the pool, and tells it when nobody
//! is left to ring.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::{getppid, write};

use bytemuck::Zeroable;
use ipc_error::{Error, Result};
use ipc_process::internal::empty;
use ipc_sync::internal::{Deadline, Ring, Shared, fork_generation};

use crate::task::{Failure, catch, run_task, write_failure};

/// What the pool and its workers share.
pub(crate) struct Floor {
    pub tasks: Ring,
    pub results: Ring,
    pub board: Shared<Board>,
}

/// The number of desks.
pub(crate) const MOST: usize = 1024;

#[derive(Zeroable)]
#[repr(C)]
pub(crate) struct Board {
    /// Whether the pool listens to the bell.
    pub listening: AtomicU32,
    pub desks: [Desk; MOST],
}

/// One worker's.
#[derive(Zeroable)]
#[repr(C)]
pub(crate) struct Desk {
    /// [`STARTING`], [`IDLE`], or the task in hand with the mark [`BUSY`].
    pub doing: AtomicU32,
    /// When the task's time is up, 0 if it has no limit.
    pub expires: AtomicU64,
}

pub(crate) const STARTING: u32 = 0;
pub(crate) const IDLE: u32 = 1;
pub(crate) const BUSY: u32 = 2;

/// In place of a task (those are multiples of 4): a worker is up; the pool ends, and why.
pub(crate) const UP: u32 = 1;
pub(crate) const END: u32 = 2;

/// How a pool's workers are to be.
#[derive(Default)]
pub struct Terms<'a> {
    pub initializer: Option<Box<dyn Fn() -> Result<(), String> + 'a>>,
    pub max_tasks: Option<u64>,
    pub limit: Option<Duration>,
}

impl Floor {
    pub(crate) fn new() -> Result<Self> {
        let (tasks, results) = (Ring::new(0, None)?, Ring::new(0, None)?);
        Ok(Floor { tasks, results, board: Shared::zeroed()? })
    }

    /// No tasks are left, and none will come.
    pub(crate) fn is_finished(&self) -> bool {
        self.tasks.is_closed() && self.tasks.is_empty()
    }

    pub(crate) fn send(&self, message: &[u8], bell: &OwnedFd) -> Result<()> {
        self.results.put(message, Deadline::NEVER)?;
        self.ring(bell)
    }

    /// Wakes the pool if it listens. If somebody is killed before he has rung, it still listens, and
    /// the next one rings: his supervisor, or who takes his place.
    fn ring(&self, bell: &OwnedFd) -> Result<()> {
        fence(SeqCst); // what it is about comes before the look; the pool does it the other way round
        if self.board.listening.load(Relaxed) == 0 {
            return Ok(());
        }
        match write(bell, &[0]) {
            // It has been rung so often that it is full, or nobody is left to hear it.
            Ok(_) | Err(Errno::EAGAIN | Errno::EPIPE) => Ok(()),
            // A task has closed the bell. This worker is to end, and its supervisor rings.
            Err(e) => Err(Error::system("tell the pool of a result", "leave its files open", e)),
        }
    }

    pub(crate) fn end(&self, why: &str, bell: &OwnedFd) {
        let message = [&END.to_ne_bytes(), why.as_bytes()].concat();
        let _ = self.send(&message, bell); // otherwise the pool hears that nobody is left
    }
}

/// A worker's life.
pub(crate) fn work(floor: &Floor, desk: &Desk, terms: &Terms<'_>, bell: &OwnedFd) -> Result<()> {
    let (supervisor, me) = (getppid(), fork_generation());
    let mut timer = match initialise(terms) {
        Ok(timer) => timer,
        Err(why) => {
            floor.end(&why, bell);
            return Ok(());
        }
    };
    // An initializer that changes the user makes the kernel forget that this ends with its parent.
    set_pdeathsig(Signal::SIGKILL).map_err(|e| Error::system("set up a worker", "", e))?;
    if getppid() != supervisor {
        return Ok(());
    }
    floor.send(&UP.to_ne_bytes(), bell)?;
    desk.doing.store(IDLE, SeqCst);
    let (mut task, mut results) = (Vec::new(), Vec::new());
    for _ in 0..terms.max_tasks.unwrap_or(u64::MAX) {
        empty(&mut task);
        let first = match floor.tasks.first(Deadline::NEVER) {
            Err(Error::Closed) => break,
            first => first?,
        };
        task.extend_from_slice(first.bytes());
        let number = first.count().number() << 2;
        desk.doing.store(number | BUSY, Relaxed);
        first.commit();
        if let Some(timer) = &mut timer {
            timer.start(desk)?;
        }
        empty(&mut results);
        results.extend(number.to_ne_bytes());
        // SAFETY: only the pool puts tasks there, and this process was forked from its process.
        unsafe { run_task(&task, &mut results) };
        if fork_generation() != me {
            // SAFETY: ends this process, a copy of the worker that the task has made by a fork.
            unsafe { libc::_exit(0) }
        }
        if let Some(timer) = &mut timer {
            timer.stop(desk)?;
        }
        match floor.send(&results, bell) {
            Err(e @ Error::TooLarge { .. }) => {
                results.truncate(size_of_val(&number));
                write_failure(&mut results, Failure::NotEncoded(e.to_string()));
                floor.send(&results, bell)?;
            }
            sent => sent?,
        }
        desk.doing.store(IDLE, SeqCst);
    }
    Ok(())
}

fn initialise(terms: &Terms<'_>) -> Result<Option<Limit>, String> {
    if let Some(initializer) = &terms.initializer {
        catch(initializer).map_err(|why| format!("the initializer failed: {why}"))?;
    }
    terms.limit.map(Limit::new).transpose().map_err(|e| e.to_string())
}

/// A task's time limit: the kernel kills this process when it has passed.
struct Limit {
    timer: Timer,
    length: Duration,
}

impl Limit {
    fn new(length: Duration) -> Result<Self> {
        let kill = SigevNotify::SigevSignal { signal: Signal::SIGKILL, si_value: 0 };
        let timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(kill));
        let timer = timer.map_err(|e| Error::system("make a timer for tasks", "", e))?;
        Ok(Limit { timer, length })
    }

    fn start(&mut self, desk: &Desk) -> Result<()> {
        desk.expires.store(Deadline::after(self.length).nanoseconds(), Relaxed);
        self.set(self.length)
    }

    fn stop(&mut self, desk: &Desk) -> Result<()> {
        self.set(Duration::ZERO)?;
        desk.expires.store(0, Relaxed);
        Ok(())
    }

    fn set(&mut self, length: Duration) -> Result<()> {
        let time = Expiration::OneShot(TimeSpec::from_duration(length));
        let set = self.timer.set(time, TimerSetTimeFlags::empty());
        set.map_err(|e| Error::system("set the timer for tasks", "", e))
    }
}
