//! What the processes of a program do and when, written down in memory that survives `kill -9`.
//!
//! ```console
//! $ IPC_TRACE=out.json cargo run -p ticket-lock
//! ```
//!
//! When the main process ends, it writes the file, in Chrome's trace format: <https://ui.perfetto.dev>
//! opens it. Each process has a lane, in which stand what it waits for and for how long, which locks it
//! holds, which tasks it does; arrows lead from the `put` of an item to its `get`. A process that was
//! killed is there with all that it did until then.
//!
//! The file is written when `main` returns or panics and by `std::process::exit`, but not if the main
//! process is itself killed. (What is printed does not go through the library, and is not in it.)
//!
//! *How it survives.* Events stand in memory that all processes share, in places of one size. To write
//! one, a process claims the next place, or two, by one atomic addition, fills it, and marks it as complete in
//! the last step. One that is killed before that leaves a place that is never read. There is no lock,
//! no thread, and no file until the end; when all places are taken, later events are counted only, and
//! the file says how many they were.
//!
//! From the bottom up:
//!
//! - `act`: what can be done; `event`: how it is kept in memory; `os`: system calls;
//! - `recorder`: writing events down;
//! - `objects`: what addresses stand for; `history`: from events to lanes; `chrome`: the file;
//! - `session`: the beginning in the main process, and the end.

mod act;
mod chrome;
mod event;
mod history;
mod objects;
#[allow(unsafe_code, reason = "system calls, and memory that other processes use")]
mod os;
mod recorder;
mod session;

/// What the crates above need of this one's insides. No part of the interface: it may change with
/// any version.
#[doc(hidden)]
pub mod internal {
    pub use crate::act::Act;
    pub use crate::recorder::{
        Span, address, arrive, begin, begin_process, depart, end, end_and_begin, end_process,
        instant, is_on, made, span, span_start, span_task,
    };
    pub use crate::session::{begin_session, copied};
}
