//! Workers that begin at the same moment, each in a process or on a thread.

use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::{result, thread};

use ipc_common::{Child, Process};
use nix::time::ClockId;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::results::sample::Sample;
use crate::runner::clock::{now, read, seconds};

/// What a worker has seen go by, so that what was lost or came twice is noticed.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) sum: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, number: u64) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(number);
    }
}

/// One worker's part: nanoseconds, and what it has seen.
#[derive(Serialize, Deserialize)]
struct Lap {
    worker: usize,
    start: i64,
    end: i64,
    cpu: i64,
    tally: Tally,
}

/// What came of it.
pub(crate) struct Race {
    laps: Vec<Lap>,
}

impl Race {
    /// What was seen by all workers together.
    pub(crate) fn tally(&self) -> Tally {
        let mut all = Tally::default();
        for Lap { tally, .. } in &self.laps {
            all = Tally { count: all.count + tally.count, sum: all.sum.wrapping_add(tally.sum) };
        }
        all
    }

    /// From the first worker's start to the last one's end.
    pub(crate) fn sample(&self, operations: u64) -> Sample {
        sample(operations, self.laps.iter())
    }

    /// One worker alone.
    pub(crate) fn sample_of(&self, worker: usize, operations: u64) -> Sample {
        sample(operations, self.laps.iter().filter(|lap| lap.worker == worker))
    }
}

fn sample<'a>(operations: u64, laps: impl Iterator<Item = &'a Lap> + Clone) -> Sample {
    let start = laps.clone().map(|lap| lap.start).min().unwrap_or(0);
    let end = laps.clone().map(|lap| lap.end).max().unwrap_or(0);
    let cpu = laps.map(|lap| lap.cpu).sum();
    Sample::new(operations, seconds(end - start), seconds(cpu))
}

/// Runs `work(0)`, `work(1)`, … in a process each.
pub(crate) fn processes(workers: usize, work: impl Fn(usize) -> Outcome<Tally>) -> Outcome<Race> {
    let gate = Gate::new()?;
    let (reports, report) = io::pipe()?;
    let start = |worker| {
        let (gate, report, work) = (&gate, &report, &work);
        let run = move || -> Outcome<()> {
            let lap = lap(worker, gate, ClockId::CLOCK_PROCESS_CPUTIME_ID, work);
            let mut line = serde_json::to_string(&lap.map_err(|e| e.to_string()))?;
            line.push('\n');
            Ok((&mut &*report).write_all(line.as_bytes())?) // one write, which stays in one piece
        };
        Process::new(run).daemon(true).start()
    };
    let children = (0..workers).map(start).collect::<ipc_common::Result<Vec<Child>>>()?;
    drop(report);
    gate.open(workers)?;
    let mut reports = BufReader::new(reports);
    let laps = (0..workers).map(|_| {
        let mut line = String::new();
        reports.read_line(&mut line)?;
        let lap: result::Result<Lap, String> = serde_json::from_str(&line)?;
        Ok(lap?)
    });
    let laps = laps.collect::<Outcome<_>>()?;
    for child in children {
        child.join()?;
    }
    Ok(Race { laps })
}

/// Runs `work(0)`, `work(1)`, … on a thread each.
pub(crate) fn threads(
    workers: usize,
    work: impl Fn(usize) -> Outcome<Tally> + Sync,
) -> Outcome<Race> {
    let gate = Gate::new()?;
    let run = |worker| lap(worker, &gate, ClockId::CLOCK_THREAD_CPUTIME_ID, &work);
    let laps = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(move || run(worker))).collect();
        gate.open(workers)?;
        let laps =
            threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?);
        laps.collect::<Outcome<_>>()
    })?;
    Ok(Race { laps })
}

fn lap(
    worker: usize,
    gate: &Gate,
    cpu: ClockId,
    work: impl Fn(usize) -> Outcome<Tally>,
) -> Outcome<Lap> {
    gate.pass()?;
    let (cpu_before, start) = (read(cpu)?, now()?);
    let tally = work(worker)?;
    let end = now()?;
    Ok(Lap { worker, start, end, cpu: read(cpu)? - cpu_before, tally })
}

/// Opens when all workers stand before it.
struct Gate {
    arrived: (PipeReader, PipeWriter),
    opened: (PipeReader, PipeWriter),
}

impl Gate {
    fn new() -> Outcome<Gate> {
        Ok(Gate { arrived: io::pipe()?, opened: io::pipe()? })
    }

    fn pass(&self) -> Outcome<()> {
        (&self.arrived.1).write_all(&[0])?;
        Ok((&self.opened.0).read_exact(&mut [0])?)
    }

    fn open(&self, workers: usize) -> Outcome<()> {
        (&self.arrived.0).read_exact(&mut vec![0; workers])?;
        Ok((&self.opened.1).write_all(&vec![0; workers])?)
    }
}
