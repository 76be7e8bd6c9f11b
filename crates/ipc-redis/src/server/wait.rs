//! [`Deadline`], and [`Watch`]: how often a process that waits looks whether another has died.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::server::link::LONGEST_BLOCK;

/// When a wait is over; `None` for never.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) const NEVER: Deadline = Deadline(None);

    pub(crate) fn after(timeout: Duration) -> Self {
        Deadline(Instant::now().checked_add(timeout))
    }

    /// How long a command may block: at most `most`, and `None` if the time is up.
    pub(crate) fn block(self, most: Duration) -> Option<Duration> {
        let Some(deadline) = self.0 else { return Some(most) };
        let left = deadline.saturating_duration_since(Instant::now());
        // The server counts whole milliseconds, and zero of them are for ever.
        (!left.is_zero()).then(|| left.min(most).max(Duration::from_millis(1)))
    }
}

/// No event tells that a connection has gone, so the waiting look. All of them together look up to
/// 200 times a second while others have items in hand, and 10 times if nobody has. (The server ends a
/// wait late if it has nothing else to do: it looks at its clock `hz` times a second.)
pub(crate) struct Watch {
    looked: Cell<Option<Instant>>,
    pause: Cell<Duration>,
}

const BUSY: Duration = Duration::from_millis(5);
const IDLE: Duration = Duration::from_millis(100);

impl Watch {
    pub(crate) fn new() -> Self {
        Watch { looked: Cell::new(None), pause: Cell::new(Duration::ZERO) }
    }

    pub(crate) fn is_first(&self) -> bool {
        self.looked.get().is_none()
    }

    /// Whether it is time to look: those that find items at once look once a second.
    pub(crate) fn is_due(&self, is_waiting: bool) -> bool {
        let interval = if is_waiting { self.pause.get() } else { LONGEST_BLOCK };
        self.looked.get().is_none_or(|looked| looked.elapsed() >= interval)
    }

    /// Says what was found: whether there may be more of it, and how many share the looking.
    pub(crate) fn looked(&self, is_busy: bool, watchers: usize) {
        let pause = if is_busy { BUSY } else { IDLE };
        let share = pause.saturating_mul(watchers.max(1) as u32).min(LONGEST_BLOCK);
        // Between half and one and a half of it, lest all look at the same time.
        let chance = RandomState::new().hash_one(0) as u32;
        self.pause.set(
            (share / 2 + share.mul_f64(f64::from(chance) / f64::from(u32::MAX))).min(LONGEST_BLOCK),
        );
        self.looked.set(Some(Instant::now()));
    }

    pub(crate) fn look_again_soon(&self) {
        self.looked.set(None);
    }

    /// How long to wait until the next look.
    pub(crate) fn pause(&self) -> Duration {
        self.pause.get()
    }
}
