//! [`World`]: all that the processes share.

use std::io::{self, PipeWriter, Write};
use std::thread;

use ipc_common::{
    Barrier, Condition, DictProxy, Event, JoinableQueue, ListProxy, Lock, Manager, Queue, Result,
    Semaphore, Value,
};

use crate::shared::channel::{Channel, Pipe};
use crate::shared::item::{Item, Sizes};
use crate::shared::random::Random;
use crate::shared::report::{Record, Reporter};

/// How many parties the barrier has, and as many take turns at the condition.
pub(crate) const PARTIES: u8 = 3;

pub(crate) struct World<'m> {
    pub(crate) streams: Vec<Stream>,
    /// Two words that are equal whenever no process holds them.
    pub(crate) ledger: Value<[u64; 2]>,
    pub(crate) lock: Lock,
    /// The process that has the lock, 0 if none has.
    pub(crate) holder: Value<u32>,
    pub(crate) permits: Semaphore,
    pub(crate) ping: Event,
    pub(crate) pong: Event,
    pub(crate) changed: Condition,
    /// Modulo [`PARTIES`], the one whose turn it is.
    pub(crate) turn: Value<u64>,
    pub(crate) barrier: Barrier,
    pub(crate) dict: DictProxy<'m, u8, u64>,
    pub(crate) list: ListProxy<'m, Item>,
    /// Producers end when it is set.
    pub(crate) finish: Event,
}

/// A channel with producers and consumers.
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) channel: Box<dyn Channel>,
    pub(crate) sizes: Sizes,
    /// Reports go out when there are so many: so many items may a process that is killed have in hand.
    pub(crate) batch: u64,
    /// With more items in it producers pause.
    pub(crate) most: usize,
}

/// What a process is told when it is started.
pub(crate) struct Part<'a> {
    /// Its number among those that do the same.
    pub(crate) index: u8,
    /// The number of its first item or step: that of its predecessor, which was killed, goes on.
    pub(crate) first: u64,
    pub(crate) random: Random,
    pub(crate) report: Reporter<'a>,
}

/// How a process ends: with an error if it has seen what must not be.
pub(crate) type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

impl<'m> World<'m> {
    pub(crate) fn new(manager: &'m Manager) -> Result<Self> {
        Ok(World {
            streams: streams()?,
            ledger: Value::new([0, 0])?,
            lock: Lock::new()?,
            holder: Value::new(0)?,
            permits: Semaphore::new(0)?,
            ping: Event::new()?,
            pong: Event::new()?,
            changed: Condition::new()?,
            turn: Value::new(0)?,
            barrier: Barrier::new(PARTIES.into())?,
            dict: manager.dict()?,
            list: manager.list([])?,
            finish: Event::new()?,
        })
    }
}

fn streams() -> Result<Vec<Stream>> {
    let stream = |name, channel, sizes, batch, most| Stream { name, channel, sizes, batch, most };
    Ok(vec![
        stream("unbounded queue", Box::new(Queue::new()?), Sizes::Small, 64, 5_000),
        stream("bounded queue", Box::new(Queue::bounded(5)?), Sizes::Mixed, 1, usize::MAX),
        stream("joinable queue", Box::new(JoinableQueue::new()?), Sizes::Mixed, 1, usize::MAX),
        stream("pipe", Box::new(Pipe::new()?), Sizes::Large, 1, usize::MAX),
    ])
}

impl Part<'_> {
    /// Reports what is waiting before a pause, which is random and short.
    pub(crate) fn pause(&mut self) -> io::Result<()> {
        self.report.flush()?;
        thread::sleep(self.random.microseconds(1_000));
        Ok(())
    }

    /// Reports a step of a kind that is the role's own.
    pub(crate) fn step(&mut self, kind: u8, number: u64) -> io::Result<()> {
        self.report.say(Record::Step { kind, number })
    }
}

/// Where processes say what they have seen that must not be: whole lines.
pub(crate) fn complain(mut to: &PipeWriter, line: &str) {
    let line: String = line.replace('\n', " ").chars().take(500).collect();
    // A failure here is seen all the same: the exit code is 1.
    let _ = to.write_all(format!("{line}\n").as_bytes());
}
