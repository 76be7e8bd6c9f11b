//! [`Report`]: all that came out of a run.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::results::machine::Machine;
use crate::results::measure::Measure;
use crate::results::measure::Section;
use crate::results::peer::Absent;
use crate::results::peer::Peer;
use crate::results::sample::Sample;

/// All that came out of a run; what `--json` writes.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct Report {
    /// Where and when.
    pub machine: Machine,
    /// How to repeat it.
    pub command: String,
    /// How many repetitions each peer did.
    pub repetitions: usize,
    /// The peers that were left out.
    pub absent: Vec<Absent>,
    /// What was measured.
    pub benchmarks: Vec<Measured>,
    /// What could not be measured, because a peer failed.
    #[serde(default)]
    pub failed: Vec<String>,
}

/// One benchmark's results.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct Measured {
    /// What it is called on the command line.
    pub name: String,
    /// What it is called in the tables.
    pub title: String,
    /// The table that it belongs to.
    pub section: Section,
    /// What is read off a repetition.
    pub measure: Measure,
    /// One for each peer, in the order of [`Peer::ALL`]; ipc-common is the first.
    pub results: Vec<PeerResult>,
}

/// What one peer has shown.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct PeerResult {
    /// The peer.
    pub peer: Peer,
    /// The median of all repetitions.
    pub median: f64,
    /// The lowest.
    pub lowest: f64,
    /// The highest.
    pub highest: f64,
    /// How many times as good ipc-common is: the median of the ratios in each round.
    pub times: f64,
    /// The median of the processor seconds for one operation.
    pub cpu_per_operation: f64,
    /// The largest memory of any of its processes, in bytes.
    pub peak_memory: u64,
    /// All repetitions, in order.
    pub samples: Vec<Sample>,
}

impl PeerResult {
    pub(crate) fn new(peer: Peer, measure: Measure, own: &[Sample], ours: &[Sample]) -> PeerResult {
        let values = sorted(own.iter().map(|sample| measure.value(sample)));
        let times = ours
            .iter()
            .zip(own)
            .map(|(ours, own)| measure.times(measure.value(ours), measure.value(own)));
        let cpu = own.iter().map(|sample| sample.cpu_seconds / sample.operations as f64);
        PeerResult {
            peer,
            median: median(&values),
            lowest: values.first().copied().unwrap_or(f64::NAN),
            highest: values.last().copied().unwrap_or(f64::NAN),
            times: median(&sorted(times)),
            cpu_per_operation: median(&sorted(cpu)),
            peak_memory: own.iter().map(|sample| sample.peak_memory).max().unwrap_or(0),
            samples: own.to_vec(),
        }
    }

    /// What stands for all repetitions: the median, but of deaths the fewest that were survived.
    pub fn figure(&self, measure: Measure) -> f64 {
        match measure {
            Measure::Survived(_) => self.lowest,
            _ => self.median,
        }
    }

    /// Half the distance from the lowest to the highest, as a share of the median; of a median of
    /// nothing none can be said.
    pub fn spread(&self) -> f64 {
        match self.median {
            0.0 => 0.0,
            median => (self.highest - self.lowest) / 2.0 / median,
        }
    }
}

impl Measured {
    /// What a peer has shown, if it can do this work.
    pub fn of(&self, peer: Peer) -> Option<&PeerResult> {
        self.results.iter().find(|result| result.peer == peer)
    }
}

impl Report {
    /// The peers with a result in one of these benchmarks, in the order of [`Peer::ALL`].
    pub fn peers<'a>(benchmarks: impl IntoIterator<Item = &'a Measured>) -> Vec<Peer> {
        let results = benchmarks.into_iter().flat_map(|measured| &measured.results);
        let peers: BTreeSet<Peer> = results.map(|result| result.peer).collect();
        peers.into_iter().collect()
    }

    /// The median of the spreads of all results.
    pub fn median_spread(&self) -> f64 {
        let timed = self.benchmarks.iter().filter(|measured| measured.measure.is_timed());
        let results = timed.flat_map(|measured| &measured.results);
        median(&sorted(results.map(PeerResult::spread)))
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    match (sorted.get((sorted.len().max(1) - 1) / 2), sorted.get(sorted.len() / 2)) {
        (Some(below), Some(above)) => (below + above) / 2.0,
        _ => f64::NAN,
    }
}
