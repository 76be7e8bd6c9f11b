//! The clocks that all peers are measured with.

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

use crate::outcome::Outcome;
use crate::results::sample::Sample;

/// Nanoseconds; the same clock for all processes, and CPython's `time.monotonic_ns()`.
pub(crate) fn now() -> Outcome<i64> {
    read(ClockId::CLOCK_MONOTONIC)
}

pub(crate) fn read(clock: ClockId) -> Outcome<i64> {
    Ok(clock_gettime(clock)?.num_nanoseconds())
}

pub(crate) fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// Measures work that starts and ends its processes itself: their processor time counts when they
/// are gone, which `clean_up` sees to. It does not count as time.
pub(crate) fn time<T>(
    operations: u64,
    work: impl FnOnce() -> Outcome<T>,
    clean_up: impl FnOnce(T) -> Outcome<()>,
) -> Outcome<Sample> {
    let (cpu, start) = (cpu_of_all()?, now()?);
    let left = work()?;
    let end = now()?;
    clean_up(left)?;
    let cpu_seconds = cpu_of_all()? - cpu;
    Ok(Sample::new(operations, seconds(end - start), cpu_seconds))
}

/// Seconds of the processors that this process and those it has waited for have used.
fn cpu_of_all() -> Outcome<f64> {
    let of = |usage: Usage| {
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
    };
    let all = of(getrusage(UsageWho::RUSAGE_SELF)?) + of(getrusage(UsageWho::RUSAGE_CHILDREN)?);
    Ok(all as f64 / 1e6)
}
