//! What it costs to wait for an item of a server's, and how soon a dead consumer's comes.

use std::thread;
use std::time::{Duration, Instant};

use ipc_common::Value;
use ipc_redis::JoinableQueue;

use crate::benchmarks::redis::{end, new, start};
use crate::outcome::Outcome;
use crate::peers::redis_server::Server;
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::clock::time;

/// An operation is a millisecond of waiting.
const SECOND: u64 = 1000;

/// No single wait is longer.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    if !Server::is_installed() {
        return Vec::new();
    }
    vec![
        new("redis-killed", "from kill -9 to the item in another's hands", Measure::Time)
            .exactly(10)
            .peer(Peer::IpcCommon, killed),
        new("redis-idle", "a second in get, processor time with the server's", Measure::Processor)
            .exactly(SECOND)
            .peer(Peer::IpcCommon, |n| idle(n, false)),
        new("redis-idle-busy", "the same while another has an item in hand", Measure::Processor)
            .exactly(SECOND)
            .peer(Peer::IpcCommon, |n| idle(n, true)),
    ]
}

/// Only the time between is counted, each time at another moment of the other's wait.
fn killed(times: u64) -> Outcome<Sample> {
    let server = Server::start()?;
    let url = server.url();
    let queue = JoinableQueue::<u64>::connect(&url, "q")?;
    let (in_hand, mut waited) = (Value::new(0_u64)?, Duration::ZERO);
    let hold = |_| {
        let queue = JoinableQueue::<u64>::connect(&url, "q")?;
        let item = queue.get()?;
        *in_hand.lock()? = u64::from(item.deliveries());
        thread::park();
        Ok(())
    };
    for n in 0..times {
        queue.put(&n)?;
        let holder = start(1, hold)?;
        until(&in_hand, 1)?;
        let other = start(1, hold)?;
        thread::sleep(Duration::from_millis(50 + n * 37 % 50));
        let kill = Instant::now();
        holder[0].kill()?;
        until(&in_hand, 2)?;
        waited += kill.elapsed();
        holder[0].join()?;
        other[0].kill()?;
        other[0].join()?;
        queue.get()?.done()?;
    }
    let sample = time(times, || Ok(()), |()| server.end())?; // the server's processor time
    Ok(Sample { seconds: waited.as_secs_f64(), ..sample })
}

fn until(value: &Value<u64>, wanted: u64) -> Outcome<()> {
    let begin = Instant::now();
    while *value.lock()? != wanted {
        if begin.elapsed() > DEADLINE {
            return Err("the item was given to nobody".into());
        }
        thread::sleep(Duration::from_micros(50));
    }
    Ok(())
}

fn idle(milliseconds: u64, is_one_busy: bool) -> Outcome<Sample> {
    let server = Server::start()?;
    let url = server.url();
    let queue = JoinableQueue::<u64>::connect(&url, "q")?;
    queue.put(&0)?;
    let item = queue.get()?;
    if !is_one_busy {
        item.done()?;
    }
    let waiter = start(1, |_| Ok(JoinableQueue::<u64>::connect(&url, "q")?.get()?.done()?))?;
    let work = || {
        thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    };
    time(milliseconds, work, |()| end(&waiter, server))
}
