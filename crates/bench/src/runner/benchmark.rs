//! [`Benchmark`]: one kind of work, and the peers that can do it.

use std::fmt;

use crate::outcome::Outcome;
use crate::results::measure::{Measure, Section};
use crate::results::peer::Peer;
use crate::results::sample::Sample;

/// One kind of work, and the peers that can do it.
pub struct Benchmark {
    /// What it is called on the command line.
    pub name: String,
    /// What it is called in the tables.
    pub title: String,
    /// What is read off a repetition.
    pub measure: Measure,
    pub(crate) section: Section,
    pub(crate) amount: Amount,
    /// How many times as long as others its repetitions take.
    pub(crate) stretch: u32,
    pub(crate) entries: Vec<Entry>,
}

/// How many operations a repetition does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount {
    /// As many as fill the time of a repetition, but no more than these.
    AtMost(u64),
    Exactly(u64),
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

/// What the script calls the queue of that package.
const FASTER_FIFO: &str = "faster-fifo";

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
            stretch: 1,
            entries: Vec::new(),
        }
    }

    pub(crate) fn section(self, section: Section) -> Benchmark {
        Benchmark { section, ..self }
    }

    pub(crate) fn at_most(self, operations: u64) -> Benchmark {
        Benchmark { amount: Amount::AtMost(operations), ..self }
    }

    /// For work that scatters so much that it takes longer to see what is usual.
    pub(crate) fn stretched(self, stretch: u32) -> Benchmark {
        Benchmark { stretch, ..self }
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

    pub(crate) fn python(self, work: &[&str]) -> Benchmark {
        self.script(Peer::CPython, work, None)
    }

    /// The same work of the script with another queue.
    pub(crate) fn faster_fifo(self, work: &[&str]) -> Benchmark {
        self.script(Peer::FasterFifo, work, Some(FASTER_FIFO))
    }

    fn script(mut self, peer: Peer, work: &[&str], queue: Option<&str>) -> Benchmark {
        let work = work.iter().copied().chain(queue).map(str::to_owned).collect();
        self.entries.push(Entry { peer, work: Work::Python(work) });
        self
    }

    /// The peers that can do it.
    pub fn peers(&self) -> impl Iterator<Item = Peer> {
        self.entries.iter().map(|entry| entry.peer)
    }
}

impl fmt::Debug for Benchmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Benchmark").field("name", &self.name).finish_non_exhaustive()
    }
}
