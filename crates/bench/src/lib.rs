//! Measures ipc-common beside its peers: the same work, in one run, each peer in turn.
//!
//! A [`Benchmark`] is one kind of work, with a function for each [`Peer`] that can do it. [`measure()`]
//! first finds how many operations keep each peer busy for as long as a repetition is to take,
//! which warms up, too. Then every peer does one repetition after the other, round by round, so that
//! whatever else the machine does hits all alike. Each repetition runs in a process of its own,
//! checks that nothing was lost, and gives a [`Sample`]. A [`Report`] is all that came out, and is
//! rendered as text, as Markdown and as a picture.
//!
//! The files, in the order in which they build on each other: `outcome`, `sample`, `clock`, `race`,
//! `isolated`; `peer`, `cpython`, `benchmark`, `measure`; `payload`, `channel` and the peers'
//! channels, `shape`; one file for each kind of work; `catalog`; `machine`, `report`, `units`; `text`,
//! `readme`, `picture`; `options`.

mod benchmark;
mod catalog;
mod channel;
mod clock;
mod cpython;
mod crossbeam_channel;
mod idle;
#[cfg(feature = "peers")]
mod ipc_channel_channel;
mod isolated;
mod joinable;
mod lock;
mod machine;
mod manager;
mod measure;
mod options;
mod outcome;
mod payload;
mod peer;
mod picture;
mod ping_pong;
mod pool;
mod race;
mod readme;
mod report;
#[allow(unsafe_code, reason = "what the library is measured beside")]
mod robust_mutex;
mod sample;
mod shape;
#[allow(unsafe_code, reason = "what the library is measured beside")]
mod shared_memory;
mod socket;
#[allow(unsafe_code, reason = "what the library is measured beside")]
mod start;
mod text;
mod throughput;
mod units;

pub use benchmark::{Benchmark, Measure, Section};
pub use catalog::{catalog, select};
pub use cpython::Python;
pub use machine::Machine;
pub use measure::{Plan, measure};
pub use options::{HELP, Misuse, Options};
pub use outcome::Outcome;
pub use peer::{Absent, Peer};
pub use picture::picture;
pub use readme::readme;
pub use report::{Measured, PeerResult, Report};
pub use sample::Sample;
pub use text::{legend, table};
