//! The two kinds of processes behind a pool: workers, and the supervisor that starts them.
//!
//! ```text
//!   pool ──▶ tasks ──▶ workers ──▶ results ──▶ pool
//!    │                   ▲            ▲          ▲
//!    └─ forks ─▶ supervisor ──────────┘          │ bell
//!                        └───────────────────────┘
//! ```
//!
//! A task is known by the count of tasks before it. A worker notes on its desk which one it takes,
//! before it is taken. So when a worker has died, whatever the instant, its supervisor knows which
//! task it had in hand, says in its place that it is lost, and starts another worker. If the worker
//! had sent its result, that came first, and what comes later is not listened to.

use std::mem;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};
use std::time::Duration;

use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::write;

use crate::connection::wait_until;
use crate::deadline::Deadline;
use crate::memory::{Shareable, Shared};
use crate::ring::Ring;
use crate::task::{Failure, catch, run_task, write_failure};
use crate::{Child, Error, Process, Result};

/// What the pool and its workers share.
pub(crate) struct Floor {
    pub(crate) tasks: Ring,
    pub(crate) results: Ring,
    pub(crate) board: Shared<Board>,
}

/// The number of desks.
pub(crate) const MOST: usize = 1024;

#[repr(C)]
pub(crate) struct Board {
    /// Whether the pool listens to the bell.
    pub(crate) listening: AtomicU32,
    desks: [Desk; MOST],
}

/// One worker's.
#[repr(C)]
struct Desk {
    /// [`STARTING`], [`IDLE`], or the task in hand with the mark [`BUSY`].
    doing: AtomicU32,
    /// When the task's time is up.
    expires: AtomicU64,
}

// SAFETY: only atomics, for which zero bytes are valid.
unsafe impl Shareable for Board {}

const STARTING: u32 = 0;
const IDLE: u32 = 1;
const BUSY: u32 = 2;

/// In place of a task (those are multiples of 4): a worker is up; the pool ends, and why.
pub(crate) const UP: u32 = 1;
pub(crate) const END: u32 = 2;

/// How workers are.
#[derive(Default)]
pub(crate) struct Terms<'a> {
    pub(crate) initializer: Option<Box<dyn Fn() -> Result<(), String> + 'a>>,
    pub(crate) max_tasks: Option<u64>,
    pub(crate) limit: Option<Duration>,
}

impl Floor {
    pub(crate) fn new() -> Result<Self> {
        let (tasks, results) = (Ring::new(0)?, Ring::new(0)?);
        Ok(Floor { tasks, results, board: Shared::zeroed()? })
    }

    /// No tasks are left, and none will come.
    fn is_finished(&self) -> bool {
        self.tasks.counters().0.is_closed() && self.tasks.len() == 0
    }

    fn send(&self, message: &[u8], bell: &OwnedFd) -> Result<()> {
        self.results.put(message, Deadline::NEVER)?;
        self.ring(bell);
        Ok(())
    }

    /// Wakes the pool if it listens. Who is killed before he has rung is mourned by the supervisor,
    /// who rings, or by the bell itself: the pool hears when nobody is left to ring it.
    fn ring(&self, bell: &OwnedFd) {
        fence(SeqCst); // what it is about comes before the look; the pool does it the other way round
        if self.board.listening.load(Relaxed) != 0 && self.board.listening.swap(0, SeqCst) != 0 {
            let _ = write(bell, &[0]); // fails if the pool is gone, and this process will be, too
        }
    }

    /// Says what has become of the task that a worker had in hand when it ended, and clears its desk.
    fn account_for(
        &self,
        desk: &Desk,
        worker: &Child,
        limit: Option<Duration>,
        bell: &OwnedFd,
    ) -> Result<()> {
        let (pid, code) = (worker.pid(), worker.join()?);
        let doing = desk.doing.swap(STARTING, SeqCst);
        if doing == STARTING {
            let why = format!("worker {pid} ended with code {code} before it was initialised");
            return Err(Error::PoolEnded { why });
        }
        let task = doing & !BUSY;
        let was_taken = self.tasks.counters().1.count().wrapping_sub(task) as i32 > 0;
        // If it died just before it took the task, somebody else has taken it, or will.
        let is_anothers = || self.board.desks.iter().any(|desk| desk.doing.load(SeqCst) == doing);
        if doing == IDLE || !was_taken || is_anothers() {
            return Ok(());
        }
        let is_late = Deadline::at(desk.expires.load(Relaxed)).is_past();
        let failure = match limit {
            Some(limit) if is_late && code == -(Signal::SIGKILL as i32) => {
                Failure::TimedOut { pid, limit }
            }
            _ => Failure::Died { pid, code },
        };
        let mut message = task.to_ne_bytes().to_vec();
        write_failure(&mut message, failure);
        self.send(&message, bell)
    }

    fn end(&self, why: &str, bell: &OwnedFd) {
        let message = [&END.to_ne_bytes(), why.as_bytes()].concat();
        let _ = self.send(&message, bell); // otherwise the pool hears that nobody is left
    }
}

/// A worker's life.
fn work(floor: &Floor, desk: &Desk, terms: &Terms<'_>, bell: &OwnedFd) -> Result<()> {
    let initialised = terms.initializer.as_ref().map_or(Ok(()), |f| catch(f));
    if let Err(why) = initialised {
        floor.end(&format!("the initializer failed: {why}"), bell);
        return Ok(());
    }
    desk.doing.store(IDLE, SeqCst);
    floor.send(&UP.to_ne_bytes(), bell)?;
    let mut timer = terms.limit.map(Limit::new).transpose()?;
    let (mut task, mut results) = (Vec::new(), Vec::new());
    for _ in 0..terms.max_tasks.unwrap_or(u64::MAX) {
        let mut number = 0;
        let taken = floor.tasks.get(&mut task, Deadline::NEVER, || {
            number = floor.tasks.counters().1.count();
            desk.doing.store(number | BUSY, Relaxed);
            Ok(())
        });
        match taken {
            Err(Error::Closed) => break,
            taken => taken?,
        }
        if let Some(timer) = &mut timer {
            timer.start(desk)?;
        }
        results.clear();
        results.extend(number.to_ne_bytes());
        // SAFETY: only the pool puts tasks there, and this process was forked from its process.
        unsafe { run_task(&task, &mut results) };
        if let Some(timer) = &mut timer {
            timer.stop()?;
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

    fn stop(&mut self) -> Result<()> {
        self.set(Duration::ZERO)
    }

    fn set(&mut self, length: Duration) -> Result<()> {
        let time = Expiration::OneShot(TimeSpec::from_duration(length));
        let set = self.timer.set(time, TimerSetTimeFlags::empty());
        set.map_err(|e| Error::system("set the timer for tasks", "", e))
    }
}

/// The supervisor's life: until all is done, or a worker cannot be had.
pub(crate) fn supervise(
    floor: &Floor,
    workers: usize,
    terms: &Terms<'_>,
    bell: &OwnedFd,
) -> ExitCode {
    let mut crew = Vec::new();
    let Err(why) = keep_manned(&floor.board.desks[..workers], floor, terms, bell, &mut crew) else {
        return ExitCode::SUCCESS;
    };
    floor.end(&why.to_string(), bell);
    mem::forget(crew); // they are not to be waited for, and end with this process
    ExitCode::FAILURE
}

fn keep_manned<'a>(
    desks: &'a [Desk],
    floor: &Floor,
    terms: &Terms<'_>,
    bell: &OwnedFd,
    crew: &mut Vec<(&'a Desk, Child)>,
) -> Result<()> {
    let mut hired = 0;
    let mut hire = |desk| {
        hired += 1;
        let worker = Process::new(|| work(floor, desk, terms, bell));
        worker.name(format!("PoolWorker-{hired}")).daemon(true).start()
    };
    for desk in desks {
        crew.push((desk, hire(desk)?));
    }
    while !crew.is_empty() {
        let sentinels: Vec<_> = crew.iter().map(|(_, worker)| worker as _).collect();
        for ended in wait_until(&sentinels, Deadline::NEVER)?.into_iter().rev() {
            let (desk, worker) = crew.swap_remove(ended);
            floor.account_for(desk, &worker, terms.limit, bell)?;
            if !floor.is_finished() {
                crew.push((desk, hire(desk)?));
            }
        }
    }
    Ok(())
}
