//! [`spin_until`]: polling for a moment before going to sleep, which costs much more.

use std::hint;
use std::thread;

/// Polls with pauses between: polling steals the writer's cache line.
const POLLS: u32 = 30;
const PAUSES: u32 = 8;
/// Then with yields between: the writer may need this CPU.
const YIELDS: u32 = 5;

/// Polls `condition` for a moment; whether it came true.
pub fn spin_until(condition: impl Fn() -> bool) -> bool {
    for poll in 0..POLLS + YIELDS {
        if condition() {
            return true;
        }
        match poll {
            ..POLLS => (0..PAUSES).for_each(|_| hint::spin_loop()),
            _ => thread::yield_now(),
        }
    }
    false
}
