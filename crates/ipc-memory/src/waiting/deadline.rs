//! [`Deadline`]: a point on the clock that neither signals nor date changes move.

use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};
use rustix::thread::futex::Timespec;

/// When to stop waiting: a time of the monotonic clock, or never.
///
/// It is fixed once, when a wait begins, so that a wait which is interrupted or has several steps
/// ends when its caller said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deadline(Option<Duration>);

impl Deadline {
    /// No deadline: wait for as long as it takes.
    pub const NEVER: Self = Deadline(None);
    /// Always past: try once, do not wait.
    pub const NOW: Self = Deadline(Some(Duration::ZERO));

    /// A deadline too far away to be represented is no deadline.
    pub fn after(timeout: Duration) -> Self {
        if timeout.is_zero() {
            return Self::NOW;
        }
        let end = now().checked_add(timeout);
        Deadline(end.filter(|end| i64::try_from(end.as_secs()).is_ok()))
    }

    /// For shared memory: a time of the monotonic clock, which is the same in all processes.
    pub fn nanoseconds(self) -> u64 {
        self.0.map_or(u64::MAX, |end| u64::try_from(end.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The reverse of [`nanoseconds`](Self::nanoseconds).
    pub fn at(nanoseconds: u64) -> Self {
        Deadline(Some(Duration::from_nanos(nanoseconds)))
    }

    /// The earlier of the two.
    pub fn or_before(self, other: Self) -> Self {
        Deadline(self.0.into_iter().chain(other.0).min())
    }

    /// Whether it has passed.
    pub fn is_past(self) -> bool {
        self.0.is_some_and(|end| end <= now())
    }

    /// For calls that take an absolute time, such as futex.
    pub fn absolute(self) -> Option<Timespec> {
        self.0.map(|end| Timespec::try_from(end).expect("`after` has seen to it that it fits"))
    }

    /// For calls that take a length of time, such as ppoll.
    pub fn remaining(self) -> Option<TimeSpec> {
        self.0.map(|end| TimeSpec::from_duration(end.saturating_sub(now())))
    }
}

fn now() -> Duration {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
    now.expect("Linux always has CLOCK_MONOTONIC").into()
}
