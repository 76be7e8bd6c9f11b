//! What queues and pools take of the memory: bytes that one process has to itself, and bytes that
//! several share, each counted once.

use std::fs;
use std::io::{PipeWriter, Read, Write, pipe};
use std::process::id;
use std::time::Instant;

use ipc_common::{Child, Pool, Process, Queue};
use nix::unistd::pause;

use crate::outcome::Outcome;
use crate::results::measure::{Measure, Section};
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;

/// Of so many queues each one's part is seen, though memory is counted in pages.
const QUEUES: u64 = 64;
const NUMBERS: u64 = 1_000_000;
const WORKERS: u64 = 100;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    let kinds = [
        ("memory-queue", "an empty queue that was used", QUEUES, "queues"),
        ("memory-numbers", "a queue with a million numbers", NUMBERS, "numbers"),
        ("memory-pool", "a pool of 100 workers", WORKERS, "pool"),
    ];
    let rows = kinds.iter().flat_map(|kind| [(kind, "private"), (kind, "shared")]);
    rows.map(|(&(name, title, amount, what), part)| {
        Benchmark::new(format!("{name}-{part}"), format!("{title}, {part}"), Measure::Memory)
            .section(Section::Memory)
            .exactly(amount)
            .peer(Peer::IpcCommon, move |n| sample(what, part, n))
            .python(&["memory", what, part])
    })
    .collect()
}

fn sample(what: &str, part: &str, operations: u64) -> Outcome<Sample> {
    let begin = Instant::now();
    let (cost, count) = match what {
        "queues" => (of_queues(operations, 1)?.beyond(of_queues(0, 0)?), operations),
        "numbers" => (of_queues(1, operations)?.beyond(of_queues(0, 0)?), 1),
        _ => {
            let nothing = Footprint::of(&[id()])?;
            (of_pool(operations)?.beyond(nothing), 1)
        }
    };
    let bytes = if part == "private" { cost.private } else { cost.shared };
    let value = bytes as f64 / count as f64;
    Ok(Sample { value, ..Sample::new(operations, begin.elapsed().as_secs_f64(), 0.0) })
}

/// Bytes, of several processes together.
#[derive(Clone, Copy, Default)]
struct Footprint {
    private: u64,
    /// Of what several processes use, the share of each.
    shared: u64,
}

impl Footprint {
    fn of(pids: &[u32]) -> Outcome<Footprint> {
        let mut all = Footprint::default();
        for pid in pids {
            let file = format!("/proc/{pid}/smaps_rollup");
            let text = fs::read_to_string(&file).map_err(|e| format!("cannot read {file}: {e}"))?;
            let of = |name: &str| -> u64 {
                let lines = text.lines().filter_map(|line| line.strip_prefix(name));
                let kib = lines.filter_map(|rest| rest.trim().strip_suffix(" kB")?.parse().ok());
                kib.map(|kib: u64| kib * 1024).sum()
            };
            let private = of("Private_Clean:") + of("Private_Dirty:") + of("Private_Hugetlb:");
            all.private += private;
            all.shared += of("Pss:").saturating_sub(private);
        }
        Ok(all)
    }

    fn beyond(self, nothing: Footprint) -> Footprint {
        Footprint {
            private: self.private.saturating_sub(nothing.private),
            shared: self.shared.saturating_sub(nothing.shared),
        }
    }
}

/// This process, a child that has put `numbers` into each queue, and one that has got one of each.
fn of_queues(queues: u64, numbers: u64) -> Outcome<Footprint> {
    let queues = (0..queues).map(|_| Queue::new()).collect::<Result<Vec<Queue<u64>>, _>>()?;
    let (mut said, say) = pipe()?;
    let put = || -> Outcome<()> {
        queues.iter().try_for_each(|queue| (0..numbers).try_for_each(|n| queue.put(&n)))?;
        stay(&say)
    };
    let get = || -> Outcome<()> {
        queues.iter().try_for_each(|queue| queue.get().map(drop))?;
        stay(&say)
    };
    let children =
        [Process::new(put).daemon(true).start()?, Process::new(get).daemon(true).start()?];
    said.read_exact(&mut [0; 2])?;
    let footprint = Footprint::of(&[id(), children[0].pid(), children[1].pid()])?;
    children.iter().try_for_each(end)?;
    Ok(footprint)
}

/// Says that the work is done, and waits to be looked at.
fn stay(mut say: &PipeWriter) -> Outcome<()> {
    say.write_all(&[0])?;
    loop {
        pause();
    }
}

fn end(child: &Child) -> Outcome<()> {
    child.kill()?;
    child.join()?;
    Ok(())
}

/// This process with a pool whose workers have worked.
fn of_pool(workers: u64) -> Outcome<Footprint> {
    let pool = Pool::new(workers as usize)?;
    pool.map(|n: u64| n * 2, 0..10 * workers)?;
    let footprint = Footprint::of(&tree(id())?)?;
    pool.terminate()?;
    pool.join()?;
    Ok(footprint)
}

/// A process and all that come from it.
fn tree(pid: u32) -> Outcome<Vec<u32>> {
    let mut pids = vec![pid];
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        for child in fs::read_to_string(task?.path().join("children"))?.split_whitespace() {
            pids.extend(tree(child.parse()?)?);
        }
    }
    Ok(pids)
}
