//! What is survived: that deaths are counted as they are, and shown beside the speed.

use bench::internal::units::value;
use bench::internal::{Channel, Victim, survive};
use bench::{Measure, Outcome, tables};
use ipc_common::Queue;

use crate::report;

pub(crate) fn a_queue_survives_each_death() {
    for victim in [Victim::Producer, Victim::Consumer] {
        let sample = survive(&Queue::new().unwrap(), victim, 8).unwrap();
        assert_eq!(sample.value, 8.0, "{victim:?}");
    }
}

/// As if one had died in it: from the given number on, nothing comes any more, or another item.
struct Harmed {
    queue: Queue<u64>,
    stops_at: u64,
    lies_at: u64,
}

impl Channel<u64> for Harmed {
    fn put(&self, item: &u64) -> Outcome<()> {
        match *item {
            item if item == self.stops_at => Err("it stands still".into()),
            item => Ok(self.queue.put(&(item - u64::from(item == self.lies_at)))?),
        }
    }

    fn get(&self) -> Outcome<u64> {
        Ok(self.queue.get()?)
    }
}

pub(crate) fn one_that_stands_still_is_noticed() {
    for (stops_at, lies_at) in [(150, u64::MAX), (u64::MAX, 150)] {
        let harmed = Harmed { queue: Queue::new().unwrap(), stops_at, lies_at };
        let sample = survive(&harmed, Victim::Producer, 8).unwrap();
        assert!(sample.value < 8.0, "stops at {stops_at}, lies at {lies_at}: {sample:?}");
    }
    assert_eq!(value(Measure::Survived(8), 3.0), "stops after 3");
    assert_eq!(value(Measure::Survived(8), 8.0), "all 8");
}

pub(crate) fn speed_stands_beside_what_is_survived() {
    let mut report = report(&["queue-u64"]);
    for name in ["killed-consumer", "killed-producer"] {
        let mut row = report.benchmarks[0].clone();
        (row.name, row.title, row.measure) = (name.into(), name.into(), Measure::Survived(100));
        for (result, lowest) in row.results.iter_mut().zip([100.0, 7.0]) {
            result.lowest = lowest;
        }
        report.benchmarks.push(row);
    }
    let markdown = tables(&report, &["all"]).unwrap();
    let (_, glance) = markdown.split_once("### The peers").unwrap();
    let titles = "| | queue, u64, 1 → 1 | killed-consumer | killed-producer |";
    assert!(glance.contains(titles), "{glance}");
    let line = |label: &str| glance.lines().find(|line| line.starts_with(label)).unwrap();
    assert!(line("| ipc-common |").ends_with("/s** | **all 100** | **all 100** |"), "{glance}");
    let second = report.benchmarks[0].results[1].peer.label();
    assert!(line(&format!("| {second} |")).ends_with("stops after 7 | stops after 7 |"));
}
