//! Locks and shared values: alone, and beside others that want the same.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ipc_common::{Lock, Value};

use crate::outcome::Outcome;
use crate::peers::robust_mutex::RobustMutex;
use crate::peers::shared_memory::Unguarded;
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::race::{Race, Tally, processes, threads};

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    [1, 2, 4].map(lock).into_iter().chain([1, 4].map(value)).collect()
}

/// Each adds one to a number that only the lock protects.
fn lock(workers: usize) -> Benchmark {
    let (name, title) = named("lock", "lock and unlock", workers);
    let team = Team { workers };
    Benchmark::new(name, title, Measure::Time)
        .peer(Peer::IpcCommon, move |n| {
            let (lock, number) = (Lock::new()?, Unguarded::new()?);
            let step = || {
                let _guard = lock.lock()?;
                number.add_one();
                Ok(())
            };
            team.check(n, team.of_processes(n, step)?, number.get())
        })
        .python(&["lock", &workers.to_string()])
        .peer(Peer::Threads, move |n| {
            let (lock, number) = (Mutex::new(()), Unguarded::new()?);
            let step = || {
                let _guard = locked(&lock);
                number.add_one();
                Ok(())
            };
            team.check(n, team.of_threads(n, step)?, number.get())
        })
        .peer(Peer::Limit, move |n| {
            let (lock, number) = (RobustMutex::new()?, Unguarded::new()?);
            let step = || {
                lock.lock()?;
                number.add_one();
                lock.unlock()
            };
            team.check(n, team.of_processes(n, step)?, number.get())
        })
}

/// Each adds one to a number that comes with its lock.
fn value(workers: usize) -> Benchmark {
    let (name, title) = named("value", "shared value, add one", workers);
    let team = Team { workers };
    Benchmark::new(name, title, Measure::Time)
        .peer(Peer::IpcCommon, move |n| {
            let value = Value::new(0_u64)?;
            let race = team.of_processes(n, || Ok(value.fetch_add(1).map(drop)?))?;
            team.check(n, race, *value.lock()?)
        })
        .python(&["value", &workers.to_string()])
        .peer(Peer::Threads, move |n| {
            let value = Mutex::new(0_u64);
            let race = team.of_threads(n, || {
                *locked(&value) += 1;
                Ok(())
            })?;
            team.check(n, race, *locked(&value))
        })
}

fn named(name: &str, title: &str, workers: usize) -> (String, String) {
    match workers {
        1 => (format!("{name}-alone"), format!("{title}, alone")),
        n => (format!("{name}-{n}"), format!("{title}, {n} at a time")),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Workers that all do the same step again and again.
#[derive(Clone, Copy)]
struct Team {
    workers: usize,
}

impl Team {
    fn of_processes(self, steps: u64, step: impl Fn() -> Outcome<()>) -> Outcome<Race> {
        processes(self.workers, |_| repeat(self.share(steps), &step))
    }

    fn of_threads(self, steps: u64, step: impl Fn() -> Outcome<()> + Sync) -> Outcome<Race> {
        threads(self.workers, |_| repeat(self.share(steps), &step))
    }

    /// Each step has added one.
    fn check(self, steps: u64, race: Race, sum: u64) -> Outcome<Sample> {
        let right = self.share(steps) * self.workers as u64;
        match sum == right {
            true => Ok(race.sample(right)),
            false => Err(format!("one was added {right} times, and the sum is {sum}").into()),
        }
    }

    fn share(self, steps: u64) -> u64 {
        steps.div_ceil(self.workers as u64)
    }
}

fn repeat(steps: u64, step: impl Fn() -> Outcome<()>) -> Outcome<Tally> {
    (0..steps).try_for_each(|_| step())?;
    Ok(Tally::default())
}
