//! [`Measure`] and [`Section`]: what a figure means, and which table it belongs to.

use serde::{Deserialize, Serialize};

use crate::results::sample::Sample;

/// What is read off a repetition.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Operations per second.
    Rate,
    /// Bytes per second, for operations of this many bytes.
    Bytes(u64),
    /// Seconds per operation.
    Time,
    /// The share of the speed that would be ideal, for operations that take this many seconds then.
    Efficiency(f64),
    /// Processor seconds per second.
    Processor,
    /// How many deaths the others have survived, of this many at most.
    Survived(u64),
    /// Bytes of memory.
    Memory,
}

/// Less than a page of memory is not seen.
const PAGE: f64 = 4096.0;

impl Measure {
    /// What a repetition shows.
    pub fn value(self, sample: &Sample) -> f64 {
        let Sample { seconds, cpu_seconds, .. } = *sample;
        let operations = sample.operations as f64;
        match self {
            Measure::Rate => operations / seconds,
            Measure::Bytes(size) => operations * size as f64 / seconds,
            Measure::Time => seconds / operations,
            Measure::Efficiency(ideal) => operations * ideal / seconds,
            Measure::Processor => cpu_seconds / seconds,
            Measure::Survived(_) | Measure::Memory => sample.value,
        }
    }

    /// How many times as good `ours` is as `theirs`.
    pub fn times(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Measure::Rate | Measure::Bytes(_) | Measure::Efficiency(_) => ours / theirs,
            Measure::Time | Measure::Processor => theirs / ours,
            Measure::Survived(_) => (ours + 1.0) / (theirs + 1.0),
            Measure::Memory => (theirs + PAGE) / (ours + PAGE),
        }
    }

    /// Is it a matter of time, which scatters and takes the processors?
    pub fn is_timed(self) -> bool {
        !matches!(self, Measure::Survived(_) | Measure::Memory)
    }

    /// Does it say something how many times as good one is? Deaths are survived, all or not all.
    pub fn compares(self) -> bool {
        !matches!(self, Measure::Survived(_))
    }
}

/// The table that a benchmark belongs to.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// Everyday work.
    Work,
    /// How cost grows with the number of workers, and the size of items.
    Growth,
    /// What is survived.
    Killed,
    /// What waiting costs.
    Waiting,
    /// What things take of the memory.
    Memory,
    /// Through a Redis server.
    Server,
}

impl Section {
    /// All, in the order of the tables.
    pub const ALL: [Section; 6] = [
        Section::Work,
        Section::Killed,
        Section::Waiting,
        Section::Memory,
        Section::Growth,
        Section::Server,
    ];

    /// The heading of its table.
    pub fn title(self) -> &'static str {
        match self {
            Section::Work => "The work",
            Section::Killed => "What is survived",
            Section::Waiting => "Waiting",
            Section::Memory => "Memory",
            Section::Growth => "How cost grows",
            Section::Server => "Through a Redis server",
        }
    }
}
