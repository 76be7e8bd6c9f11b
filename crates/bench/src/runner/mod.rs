//! Runs the work: workers that begin at the same moment, clocks, and the peers in turn.

pub(crate) mod benchmark;
pub(crate) mod busy;
pub(crate) mod clock;
pub(crate) mod cpython;
pub(crate) mod isolated;
pub(crate) mod measure;
pub(crate) mod race;
