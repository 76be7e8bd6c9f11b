//! [`Event`]: a flag that can be waited for.

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::fence;
use std::time::Duration;

use ipc_error::Result;
use ipc_memory::{Change, Deadline, Futex, Shared, Waited, Wake, spin_until};
use ipc_trace::internal::{Act, address, instant, made, span};

/// A flag on which any number of processes wait; Python's `multiprocessing.Event`.
///
/// ```
/// use ipc_common::{Event, Process};
///
/// let go = Event::new()?;
/// let child = Process::new(|| go.wait()).start()?;
/// go.set();
/// assert_eq!(child.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// It stays set until it is cleared. `set` waits for no answer, so a waiter that is killed or stopped
/// delays no other. `set`, `clear` and `is_set` may be called in a signal handler.
// The lowest bit of the word is the flag, the others count how often it was cleared: so a waiter sees
// that it was set, though it may have been cleared since.
pub struct Event(pub(crate) Shared<Futex>);

const SET: u32 = 1 << SET_BIT;
const SET_BIT: u16 = 0;

impl Event {
    /// One that is not set; Python's `Event()`.
    ///
    /// # Errors
    ///
    /// [`Error::System`](crate::Error::System) if there is no memory for it.
    pub fn new() -> Result<Self> {
        let event = Event(Shared::zeroed()?);
        made(address(&*event.0), "Event");
        Ok(event)
    }

    /// Sets it, and wakes all who wait; Python's `set()`. If it is set, nothing happens.
    pub fn set(&self) {
        // StoreLoad: publish the data before reading the flag; pairs with the fence in `clear`.
        fence(SeqCst);
        if !self.is_set() {
            instant(Act::Set, address(&*self.0), 0);
            self.0.change_and_wake(Change::WithBit(SET_BIT), Wake::All);
        }
    }

    /// Makes it unset; Python's `clear()`.
    pub fn clear(&self) {
        let word = self.0.load(Relaxed);
        if word & SET != 0 {
            // Adding the bit to itself carries into the count. Fails if another has cleared it since.
            let _ = self.0.compare_exchange(word, word.wrapping_add(SET), Release, Relaxed);
        }
        fence(SeqCst); // clear the flag before reading the data; pairs with the fence in `set`
    }

    /// Whether it is set; Python's `is_set()`.
    pub fn is_set(&self) -> bool {
        self.0.load(Acquire) & SET != 0
    }

    /// Blocks until it is set; Python's `wait()`. It may have been cleared again since.
    pub fn wait(&self) {
        self.wait_until(Deadline::NEVER);
    }

    /// Blocks for at most `timeout`; Python's `wait(timeout)`. Whether it was set meanwhile.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.wait_until(Deadline::after(timeout))
    }

    fn wait_until(&self, deadline: Deadline) -> bool {
        let _waiting = span(Act::Wait, address(&*self.0));
        let seen = self.0.load(Acquire);
        let was_set = || seen & SET != 0 || self.0.load(Acquire) != seen;
        if deadline != Deadline::NOW && !spin_until(was_set) {
            while !was_set() && self.0.wait(seen, deadline) != Waited::TimedOut {}
        }
        was_set()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("is_set", &self.is_set()).finish()
    }
}
