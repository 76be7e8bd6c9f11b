//! [`spin_until`]: polling for a moment before going to sleep, which costs much more.
//!
//! On a machine where all processors compute, a yield lets the others have their whole time slices: some
//! milliseconds, where a thread that sleeps is let in again at once when it is woken. So a process that has
//! seen a yield take long does not yield for a while. It polls as ever: two that both have a processor just
//! now do many steps before one of them loses it.

use std::hint;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use crate::waiting::deadline::Deadline;

/// Polls with pauses between: polling steals the writer's cache line.
const POLLS: u32 = 30;
const PAUSES: u32 = 8;
/// Then with yields between: the writer may need this CPU.
const YIELDS: u32 = 5;

/// No thread that only does a step of this library's keeps a CPU for so long.
const LONG_YIELD: Duration = Duration::from_micros(200);
/// How long the others are then taken to go on computing. A try costs some milliseconds.
const CROWDED_FOR: Duration = Duration::from_millis(300);

/// Until when, in nanoseconds of the monotonic clock; 0 if they never were.
static CROWDED_UNTIL: AtomicU64 = AtomicU64::new(0);

/// Polls `condition` for a moment; whether it came true.
pub fn spin_until(condition: impl Fn() -> bool) -> bool {
    let until = CROWDED_UNTIL.load(Relaxed);
    let is_crowded = until != 0 && !Deadline::at(until).is_past();
    let yields = if is_crowded { 0 } else { YIELDS };
    for poll in 0..POLLS + yields {
        if condition() {
            return true;
        }
        match poll {
            ..POLLS => (0..PAUSES).for_each(|_| hint::spin_loop()),
            _ if yield_takes_long() => break,
            _ => {}
        }
    }
    condition()
}

/// A forked child finds out for itself.
pub fn forget_crowd() {
    if CROWDED_UNTIL.load(Relaxed) != 0 {
        CROWDED_UNTIL.store(0, Relaxed); // else nothing is written: its page would have to be copied
    }
}

fn yield_takes_long() -> bool {
    let begin = Instant::now();
    thread::yield_now();
    let is_long = begin.elapsed() > LONG_YIELD;
    if is_long {
        CROWDED_UNTIL.store(Deadline::after(CROWDED_FOR).nanoseconds(), Relaxed);
    }
    is_long
}
