//! [`Deadline`], and [`Watch`]: how often a process that waits looks whether another has died, and how
//! it waits until then.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::server::limits::{LATE, LONGEST_BLOCK};

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
        (!left.is_zero()).then(|| left.min(most).max(SHORTEST_BLOCK))
    }
}

/// A wait of a process that looks in between.
pub(crate) struct Wait {
    /// When the server is to end it.
    pub(crate) block: Duration,
    /// When this process does.
    pub(crate) patience: Duration,
}

/// No event tells that a connection has gone, so the waiting look. All of them together look up to
/// 200 times a second while others have items in hand, and 10 times if nobody has.
///
/// A server ends a wait when it looks at its clock: each time that anything arrives, and otherwise `hz`
/// times a second, 10 if nothing else is set. Each side makes use of it:
///
/// - A wait that the server has not ended in time is ended from here: what is sent then wakes it.
/// - If so, the server has nothing else to do, and the next wait is over at once. It is the end of a
///   connection that wakes the server then, and with it all those that wait.
#[derive(Default)]
pub(crate) struct Watch {
    looked: Cell<Option<Instant>>,
    pause: Cell<Duration>,
    /// What the server takes for an answer.
    answer: Cell<Duration>,
    /// More than 0 if the server has nothing else to do, 2 if that was seen just now. (Looking at its
    /// clock, it ends a wait that is over, too: one such end means nothing.)
    quiet: Cell<u8>,
    /// There may be more of what was found, or a wait is over.
    pub(crate) is_urgent: Cell<bool>,
}

const BUSY: Duration = Duration::from_millis(5);
const IDLE: Duration = Duration::from_millis(100);

/// Zero is for ever, and so is what version 6 makes of 0.001 seconds.
const SHORTEST_BLOCK: Duration = Duration::from_micros(1500);

impl Watch {
    pub(crate) fn is_first(&self) -> bool {
        self.looked.get().is_none()
    }

    /// Whether it is time to look: those that find items at once do so once a second.
    pub(crate) fn is_due(&self) -> bool {
        let is_old = |looked: Instant| looked.elapsed() >= LONGEST_BLOCK;
        self.is_urgent.get() || self.looked.get().is_none_or(is_old)
    }

    /// Says what was found: whether there may be more of it, and how many share the looking.
    pub(crate) fn looked(&self, began: Instant, is_busy: bool, watchers: usize) {
        let pause = if is_busy { BUSY } else { IDLE };
        let share = pause.saturating_mul(watchers.max(1) as u32).min(LONGEST_BLOCK);
        // Between half and one and a half of it, lest all look at the same time.
        let chance = RandomState::new().hash_one(0) as u32;
        self.pause.set(
            (share / 2 + share.mul_f64(f64::from(chance) / f64::from(u32::MAX))).min(LONGEST_BLOCK),
        );
        self.answer.set(began.elapsed());
        self.looked.set(Some(Instant::now()));
        self.is_urgent.set(false);
    }

    /// A wait until the next look, for at most `most`; `None` if the time is up.
    pub(crate) fn wait(&self, deadline: Deadline, most: Duration) -> Option<Wait> {
        let pause = deadline.block(self.pause.get().min(most))?;
        let block = if self.quiet.get() > 0 { SHORTEST_BLOCK } else { pause };
        Some(Wait { block, patience: pause + 2 * self.answer.get() + LATE })
    }

    /// Says which side has ended it.
    pub(crate) fn waited(&self, is_ended_here: bool) {
        self.quiet.set(if is_ended_here { 2 } else { self.quiet.get().saturating_sub(1) });
    }
}
