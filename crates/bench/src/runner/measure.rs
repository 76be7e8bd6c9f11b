//! [`measure()`]: all peers of a benchmark, each in turn.

use std::time::Duration;

use crate::outcome::Outcome;
use crate::results::peer::Peer;
use crate::results::report::Measured;
use crate::results::report::PeerResult;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::benchmark::{Amount, Entry, Work};
use crate::runner::cpython::Python;
use crate::runner::isolated::isolated;

/// How long and how often, and with what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How long a repetition is to take.
    pub repetition: Duration,
    /// How many there are of each peer.
    pub repetitions: usize,
    /// How many operations it does, if not as many as fill its time.
    pub operations: Option<u64>,
    /// What does CPython's part; without it CPython is left out.
    pub python: Option<Python>,
}

impl Plan {
    /// For figures to be shown.
    pub fn full(python: Option<Python>) -> Plan {
        let repetition = Duration::from_millis(100);
        Plan { repetition, repetitions: 5, operations: None, python }
    }

    /// For a first impression.
    pub fn quick(python: Option<Python>) -> Plan {
        Plan { repetition: Duration::from_millis(30), repetitions: 3, ..Plan::full(python) }
    }

    /// Is there what the peer needs?
    pub fn has(&self, peer: Peer) -> bool {
        match peer {
            Peer::CPython => self.python.is_some(),
            Peer::FasterFifo => self.python.as_ref().is_some_and(|python| python.faster_fifo),
            _ => true,
        }
    }
}

/// How many operations the first attempt does.
const FIRST: u64 = 16;
/// How much of a repetition's time an attempt must fill to say how many operations fill all of it.
const TELLING: f64 = 0.2;
/// The next attempt does at most this many times as much as the last.
const STEP: f64 = 200.0;

/// Measures all peers of a benchmark, repetition by repetition in turn.
///
/// # Errors
///
/// If a peer fails, or has lost or doubled an item.
pub fn measure(benchmark: &Benchmark, plan: &Plan) -> Outcome<Measured> {
    let entries: Vec<&Entry> =
        benchmark.entries.iter().filter(|entry| plan.has(entry.peer)).collect();
    let once = |entry: &Entry, operations| {
        run(entry, operations, plan)
            .map_err(|e| format!("{}, {}: {e}", benchmark.name, entry.peer.label()))
    };

    let mut operations = Vec::new();
    for entry in &entries {
        operations.push(match (plan.operations, benchmark.amount) {
            (Some(count), _) | (None, Amount::Exactly(count)) => count,
            (None, Amount::AtMost(most)) => {
                let wanted = plan.repetition * benchmark.stretch;
                calibrate(|count| once(entry, count), most, wanted)?
            }
        });
    }
    let mut samples = vec![Vec::new(); entries.len()];
    for _ in 0..plan.repetitions {
        for (i, entry) in entries.iter().enumerate() {
            samples[i].push(once(entry, operations[i])?);
        }
    }

    let measure = benchmark.measure;
    let results = entries.iter().zip(&samples);
    Ok(Measured {
        name: benchmark.name.clone(),
        title: benchmark.title.clone(),
        section: benchmark.section,
        measure,
        results: results
            .map(|(entry, own)| PeerResult::new(entry.peer, measure, own, &samples[0]))
            .collect(),
    })
}

fn run(entry: &Entry, operations: u64, plan: &Plan) -> Outcome<Sample> {
    isolated(|| match (&entry.work, &plan.python) {
        (Work::Here(work), _) => work(operations),
        (Work::Python(work), Some(python)) => python.run(entry.peer, work, operations),
        (Work::Python(_), None) => Err("there is no Python.".into()),
    })
}

/// How many operations fill the time of a repetition. Finding out warms up, too.
fn calibrate(
    once: impl Fn(u64) -> Result<Sample, String>,
    most: u64,
    wanted: Duration,
) -> Outcome<u64> {
    let wanted = wanted.as_secs_f64();
    let mut count = FIRST.min(most.div_ceil(FIRST));
    loop {
        let Sample { operations, seconds, .. } = once(count)?;
        let factor = wanted / seconds.max(1e-9);
        let next = ((operations as f64 * factor.min(STEP)).ceil() as u64).clamp(1, most);
        if next <= operations || factor * TELLING < 1.0 {
            return Ok(next);
        }
        count = next;
    }
}
