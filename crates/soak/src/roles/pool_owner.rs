//! A process that makes pools, whose tasks panic, die and are killed.

use std::mem;
use std::panic;
use std::process;
use std::thread;

use ipc_common::{AsyncResult, Error, Pool, Process, parent_process};
use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;

use crate::shared::random::Random;
use crate::shared::world::{Outcome, Part};

/// Steps are of these kinds: tasks that came to their end, and those that were lost.
pub(crate) const DONE: u8 = 0;
pub(crate) const LOST: u8 = 1;

const WORKERS: usize = 2;
const TASKS: u64 = 60;
const ON_PURPOSE: &str = "on purpose";

pub(crate) fn make_pools(mut part: Part<'_>) -> Outcome {
    be_silent_on_purpose();
    loop {
        let pool = Pool::new(WORKERS)?;
        let first = part.random.word() >> 8;
        let tasks: Vec<(u64, Fate)> =
            (first..first + TASKS).map(|n| (n, Fate::draw(&mut part.random))).collect();
        let results: Vec<AsyncResult<u64>> = tasks
            .iter()
            .map(|&(n, fate)| pool.apply_async(fate.function(), n))
            .collect::<ipc_common::Result<_>>()?;
        let (mut may_kill, mut lost) = (0, 0);
        for ((n, fate), result) in tasks.into_iter().zip(&results) {
            may_kill += u64::from(matches!(fate, Fate::Dies | Fate::IsKilled));
            let is_lost = fate.judge(n, result.get())?;
            lost += u64::from(is_lost);
            part.step(if is_lost { LOST } else { DONE }, n & 0xffff)?;
        }
        if lost > may_kill {
            return Err(format!("pool: {lost} tasks lost, with at most {may_kill} kills").into());
        }
        if part.random.below(2) == 0 {
            pool.close();
            pool.join()?;
        }
    }
}

/// What becomes of a task.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Returns,
    Panics,
    Dies,
    /// Its worker is killed at about its end, perhaps in another task.
    IsKilled,
}

impl Fate {
    fn draw(random: &mut Random) -> Self {
        match random.below(32) {
            0 => Fate::Dies,
            1 => Fate::IsKilled,
            2 => Fate::Panics,
            _ => Fate::Returns,
        }
    }

    fn function(self) -> fn(u64) -> u64 {
        match self {
            Fate::Returns => answer,
            Fate::Panics => |_| panic::panic_any(ON_PURPOSE),
            Fate::Dies => |_| {
                // It does not return.
                let _ = raise(Signal::SIGKILL);
                0
            },
            Fate::IsKilled => be_killed,
        }
    }

    /// Whether the task was lost with its worker; an error if its result is none that it may have.
    fn judge(
        self,
        n: u64,
        result: ipc_common::Result<u64>,
    ) -> Result<bool, Box<dyn std::error::Error>> {
        match (self, result) {
            (_, Err(Error::WorkerDied { code: -9, .. })) => Ok(true),
            (Fate::Returns | Fate::IsKilled, Ok(result)) if result == answer(n) => Ok(false),
            (Fate::Panics, Err(Error::Panicked { message })) if message == ON_PURPOSE => Ok(false),
            (fate, result) => {
                Err(format!("pool: task {n}, which {fate:?}, has the result {result:?}").into())
            }
        }
    }
}

fn answer(n: u64) -> u64 {
    Random(n).word()
}

/// Starts a process that kills this one in a moment.
fn be_killed(n: u64) -> u64 {
    let wait = Random(n).microseconds(1_000);
    let killer = Process::new(move || {
        thread::sleep(wait);
        if let Some(parent) = parent_process().filter(|parent| parent.is_alive()) {
            // The parent has not been reaped if it is the parent still, so its id is not another's.
            let _ = kill(Pid::from_raw(parent.pid().cast_signed()), Signal::SIGKILL);
        }
    });
    match killer.daemon(true).start() {
        Ok(killer) => mem::forget(killer), // to drop it would end it
        Err(_) => process::abort(),
    }
    answer(n)
}

/// Panics that belong to the plan are not printed.
fn be_silent_on_purpose() {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref() != Some(&ON_PURPOSE) {
            default(panic);
        }
    }));
}
