//! The memory orderings of `ipc-sync/src/event_count.rs`, `event.rs` and of the ring's cursors
//! (`commit` in `ipc-ring/src/ring/get.rs`, `refresh_seen_cursor` in `data.rs`).
//!
//! loom runs the functions below with all interleavings *and* all values that the memory model lets a
//! load return, for one thread on each side. They repeat the library's, with its orderings; a fault
//! weakens one of them. Data whose publication is at stake lies in cells in which loom sees races.
//!
//! Not modelled: time-outs, kills and several waiters, which `event_count` has; that the kernel's
//! change of the word is itself a barrier on most machines: as in the library, only the fence before
//! it counts.
//!
//! If you change an ordering or a fence there, change it here.

mod event;
mod event_count;
mod futex;
mod tests;

/// An ordering that is weakened, or a fence that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// `add_one` exchanges with `Relaxed`.
    RelaxedAdd,
    /// `count` loads with `Relaxed`.
    RelaxedCount,
    /// No fence before the kernel changes the word.
    NoFenceBeforeWake,
    /// No fence before a consumer writes its next cursor.
    NoFenceInCommit,
    /// No fence before a producer looks at the count again.
    NoFenceInRefresh,
    /// No fence in `Event::set`.
    NoFenceInSet,
    /// No fence in `Event::clear`.
    NoFenceInClear,
}

/// The faults of a model: none, or one.
#[derive(Clone, Copy)]
struct Faults(Option<Fault>);

impl Faults {
    fn has(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }
}
