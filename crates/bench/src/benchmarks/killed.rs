//! What a peer survives: a process that puts or gets is killed again and again, and two others have
//! to go on each time.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{sleep, yield_now};
use std::time::{Duration, Instant};

use bytemuck::Zeroable;
use ipc_common::{Child, Process, Queue};

use crate::outcome::Outcome;
use crate::peers::channel::Channel;
use crate::peers::shared_memory::Shared;
use crate::peers::socket::Packets;
use crate::peers::vyukov::VyukovRing;
use crate::results::measure::{Measure, Section};
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;

#[cfg(feature = "peers")]
use crate::peers::cloudtoid::Cloudtoid;
#[cfg(feature = "peers")]
use crate::peers::ipc_channel_channel::Typed;

/// How often a repetition kills.
const KILLS: u64 = 100;
/// How long the others may take to go on. The script has the same figures.
const PATIENCE: Duration = Duration::from_secs(1);
/// They have gone on when so many items have passed between them.
const GONE_ON: u64 = 100;
/// How many items may be on their way: a place that a dead process holds is soon come by again.
const AHEAD: u64 = 200;

/// The one that is killed. A process that survives puts, and one gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// One of two that put.
    Producer,
    /// One of two that get.
    Consumer,
}

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    [
        ("killed-consumer", "a consumer is killed, the others go on", Victim::Consumer),
        ("killed-producer", "a producer is killed, the others go on", Victim::Producer),
    ]
    .map(|(name, title, victim)| benchmark(name, title, victim))
    .into()
}

fn benchmark(name: &str, title: &str, victim: Victim) -> Benchmark {
    let benchmark = Benchmark::new(name, title, Measure::Survived(KILLS))
        .section(Section::Killed)
        .exactly(KILLS)
        .peer(Peer::IpcCommon, move |n| survive(&Queue::new()?, victim, n))
        .python(&["killed", name])
        .faster_fifo(&["killed", name]);
    #[cfg(feature = "peers")]
    let benchmark = match victim {
        Victim::Producer => {
            benchmark.peer(Peer::IpcChannel, move |n| survive(&Typed::new()?, victim, n))
        }
        Victim::Consumer => benchmark, // it has one receiver, whose death ends all
    };
    #[cfg(feature = "peers")]
    let benchmark =
        benchmark.peer(Peer::Cloudtoid, move |n| survive(&Cloudtoid::new()?, victim, n));
    benchmark
        .peer(Peer::Sockets, move |n| survive(&Packets::new()?, victim, n))
        .peer(Peer::Vyukov, move |n| survive(&VyukovRing::new()?, victim, n))
}

/// Kills up to `kills` times, and counts how often the others go on and no item of theirs is lost.
/// Ends with the first time that they do not.
///
/// # Errors
///
/// If a process cannot be started.
pub fn survive(channel: &impl Channel<u64>, victim: Victim, kills: u64) -> Outcome<Sample> {
    let (board, begin) = (Shared::<Board>::new()?, Instant::now());
    let scene = Scene { channel, board: &board, victim };
    let others =
        [scene.start(Part::Put { steady: true })?, scene.start(Part::Get { steady: true })?];
    let mut survived = 0;
    while survived < kills && scene.kill_one(survived)? {
        survived += 1;
    }
    for other in others {
        other.kill()?;
        other.join()?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Sample { value: survived as f64, ..Sample::new(kills, seconds, 0.0) })
}

/// What the processes know of each other.
#[derive(Zeroable)]
#[repr(C)]
struct Board {
    /// How many items of the steady producer and of the victim were put.
    put: [AtomicU64; 2],
    /// How many of them were got.
    got: [AtomicU64; 2],
    /// Items from the producer that survives to the consumer that does.
    passed: AtomicU64,
    /// Producers rest while it is set, so that consumers wait.
    rest: AtomicU64,
    /// How many victims have begun.
    begun: AtomicU64,
    /// An item was lost, came twice or was torn.
    wrong: AtomicU64,
}

/// What a process does in it; all but the victim are steady.
#[derive(Clone, Copy)]
enum Part {
    Put { steady: bool },
    Get { steady: bool },
}

struct Scene<'a, C> {
    channel: &'a C,
    board: &'a Board,
    victim: Victim,
}

/// Marks the items of victims.
const VICTIMS: u64 = 1 << 63;

impl<C: Channel<u64>> Scene<'_, C> {
    /// A peer that reports an error to the others has stopped them: they end without a word here.
    fn start(&self, part: Part) -> Outcome<Child> {
        let run = || match part {
            Part::Put { steady } => drop(self.put(steady)),
            Part::Get { steady } => drop(self.get(steady)),
        };
        Ok(Process::new(run).daemon(true).start()?)
    }

    /// One death; do the others go on?
    fn kill_one(&self, number: u64) -> Outcome<bool> {
        // An item that the last one had in its hands may have been put and never be got.
        self.board.put[1].store(self.board.got[1].load(SeqCst), SeqCst);
        let victim = self.start(match self.victim {
            Victim::Producer => Part::Put { steady: false },
            Victim::Consumer => Part::Get { steady: false },
        })?;
        let begun = within_patience(|| self.board.begun.load(SeqCst) > number);
        // Half of them die at work, half of them while nothing is put; at another moment each time.
        self.board.rest.store(number % 2, SeqCst);
        sleep(Duration::from_micros(500 + number * 7919 % 1500));
        victim.kill()?;
        victim.join()?;
        self.board.rest.store(0, SeqCst);
        let from = self.board.passed.load(SeqCst);
        let gone_on = within_patience(|| {
            self.board.passed.load(SeqCst) >= from + GONE_ON || self.board.wrong.load(SeqCst) != 0
        });
        Ok(begun && gone_on && self.board.wrong.load(SeqCst) == 0)
    }

    fn put(&self, steady: bool) -> Outcome<()> {
        let board = self.board;
        let (of, mark) = if steady { (0, 0) } else { (1, VICTIMS) };
        board.begun.fetch_add(u64::from(!steady), SeqCst);
        for number in 0.. {
            let rests = || {
                let (put, got) = (board.put[of].load(SeqCst), board.got[of].load(SeqCst));
                let ahead = put.saturating_sub(got);
                board.rest.load(SeqCst) != 0 || ahead > AHEAD
            };
            while rests() {
                yield_now();
            }
            self.channel.put(&(mark | number))?;
            board.put[of].fetch_add(1, SeqCst);
        }
        Ok(())
    }

    /// With one consumer, the steady producer's items are a sequence without gaps; with two, what
    /// each gets of it rises.
    fn get(&self, steady: bool) -> Outcome<()> {
        let board = self.board;
        board.begun.fetch_add(u64::from(!steady), SeqCst);
        let mut next = 0;
        loop {
            let item = self.channel.get()?;
            board.got[usize::from(item & VICTIMS != 0)].fetch_add(1, SeqCst);
            if item & VICTIMS == 0 {
                let right = match self.victim {
                    Victim::Producer => item == next,
                    Victim::Consumer => item >= next,
                };
                board.wrong.fetch_or(u64::from(!right), SeqCst);
                board.passed.fetch_add(u64::from(steady), SeqCst);
                next = item + 1;
            }
        }
    }
}

fn within_patience(happened: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    while !happened() {
        if begin.elapsed() > PATIENCE {
            return false;
        }
        sleep(Duration::from_micros(100));
    }
    true
}
