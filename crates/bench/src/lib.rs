//! Measures ipc-common beside its peers: the same work, in one run, each peer in turn.
//!
//! A [`Benchmark`] is one kind of work, with a function for each [`Peer`] that can do it. [`measure()`]
//! first finds how many operations keep each peer busy for as long as a repetition is to take,
//! which warms up, too. Then every peer does one repetition after the other, round by round, so that
//! whatever else the machine does hits all alike. Each repetition runs in a process of its own,
//! checks that nothing was lost, and gives a [`Sample`]. A [`Report`] is all that came out, and is
//! rendered as text, as Markdown and as a picture.
//!
//! The layers, each of which uses those before it:
//!
//! - `outcome`, `misuse`: errors
//! - `results`: what comes out of a run, as data
//! - `peers`: what the library is measured beside, each as a `Channel` or a lock
//! - `runner`: starts workers at the same moment, times them, takes the peers in turn
//! - `benchmarks`: a file for each kind of work, and the catalogue of all
//! - `show`: the report as text, as Markdown, as a picture
//! - `options`: the command line

mod benchmarks;
mod misuse;
mod options;
mod outcome;
mod peers;
mod results;
mod runner;
mod show;

pub use benchmarks::catalog::{catalog, select};
pub use benchmarks::redis::absent as absent_from_redis;
pub use misuse::Misuse;
pub use options::{HELP, Options};
pub use outcome::Outcome;
pub use results::machine::Machine;
pub use results::measure::{Measure, Section};
pub use results::peer::{Absent, Peer};
pub use results::report::{Measured, PeerResult, Report};
pub use results::sample::Sample;
pub use runner::benchmark::Benchmark;
pub use runner::cpython::Python;
pub use runner::measure::{Plan, measure};
pub use show::markdown::{fill, tables};
pub use show::picture::picture;
pub use show::text::{legend, table};

/// What `tests/self_check` looks at besides.
#[doc(hidden)]
pub mod internal {
    pub use crate::benchmarks::killed::{Victim, survive};
    pub use crate::benchmarks::payload::Payload;
    pub use crate::benchmarks::shape::{Shape, between_threads};
    pub use crate::peers::channel::Channel;
    pub use crate::peers::crossbeam_channel::Crossbeam;
    pub use crate::show::units;
}
