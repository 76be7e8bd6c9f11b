//! [`Benchmark`]: one kind of work, and who can do it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Outcome, Peer, Sample};

/// One kind of work, and who can do it.
pub struct Benchmark {
    /// What it is called on the command line.
    pub name: String,
    /// What it is called in the tables.
    pub title: String,
    /// What is read off a repetition.
    pub measure: Measure,
    pub(crate) section: Section,
    pub(crate) amount: Amount,
    pub(crate) entries: Vec<Entry>,
}

/// Which table it belongs to.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// What people do all day.
    Work,
    /// How cost grows with the number of workers, and the size of items.
    Growth,
    /// What waiting costs.
    Waiting,
}

impl Section {
    /// All, in the order of the tables.
    pub const ALL: [Section; 3] = [Section::Work, Section::Waiting, Section::Growth];

    /// The heading of its table.
    pub fn title(self) -> &'static str {
        match self {
            Section::Work => "The work",
            Section::Waiting => "Waiting",
            Section::Growth => "How cost grows",
        }
    }
}

/// How many operations a repetition does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount {
    /// As many as fill the time of a repetition, but no more than these.
    AtMost(u64),
    Exactly(u64),
}

/// What is read off a repetition.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Operations per second.
    Rate,
    /// Bytes per second, for operations of so many bytes.
    Bytes(u64),
    /// Seconds per operation.
    Time,
    /// The share of the speed that would be ideal, for operations that take so many seconds then.
    Efficiency(f64),
    /// Processor seconds per second.
    Processor,
}

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
        }
    }

    /// How many times as good `ours` is as `theirs`.
    pub fn times(self, ours: f64, theirs: f64) -> f64 {
        match self {
            Measure::Rate | Measure::Bytes(_) | Measure::Efficiency(_) => ours / theirs,
            Measure::Time | Measure::Processor => theirs / ours,
        }
    }
}

pub(crate) struct Entry {
    pub(crate) peer: Peer,
    pub(crate) work: Work,
}

pub(crate) enum Work {
    /// A function of the number of operations, which checks what it has done.
    Here(Box<dyn Fn(u64) -> Outcome<Sample> + Send>),
    /// What to tell the script.
    Python(Vec<String>),
}

impl Benchmark {
    pub(crate) fn new(
        name: impl Into<String>,
        title: impl Into<String>,
        measure: Measure,
    ) -> Benchmark {
        Benchmark {
            name: name.into(),
            title: title.into(),
            measure,
            section: Section::Work,
            amount: Amount::AtMost(u64::MAX),
            entries: Vec::new(),
        }
    }

    pub(crate) fn section(self, section: Section) -> Benchmark {
        Benchmark { section, ..self }
    }

    pub(crate) fn at_most(self, operations: u64) -> Benchmark {
        Benchmark { amount: Amount::AtMost(operations), ..self }
    }

    pub(crate) fn exactly(self, operations: u64) -> Benchmark {
        Benchmark { amount: Amount::Exactly(operations), ..self }
    }

    pub(crate) fn peer(
        mut self,
        peer: Peer,
        work: impl Fn(u64) -> Outcome<Sample> + Send + 'static,
    ) -> Benchmark {
        self.entries.push(Entry { peer, work: Work::Here(Box::new(work)) });
        self
    }

    pub(crate) fn python(mut self, work: &[&str]) -> Benchmark {
        let work = work.iter().map(|&word| word.to_owned()).collect();
        self.entries.push(Entry { peer: Peer::CPython, work: Work::Python(work) });
        self
    }

    /// Who can do it.
    pub fn peers(&self) -> impl Iterator<Item = Peer> {
        self.entries.iter().map(|entry| entry.peer)
    }
}

impl fmt::Debug for Benchmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Benchmark").field("name", &self.name).finish_non_exhaustive()
    }
}
