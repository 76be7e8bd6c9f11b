//! Managers: what one access to a dictionary in another process costs.

use ipc_common::{DictProxy, Manager};

use crate::outcome::Outcome;
use crate::results::measure::Measure;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::clock::time;

/// How many keys there are.
const KEYS: u64 = 100;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    vec![
        Benchmark::new("manager-get", "manager, read a dictionary", Measure::Time)
            .peer(Peer::IpcCommon, get)
            .python(&["manager-get"]),
        Benchmark::new("manager-set", "manager, write a dictionary", Measure::Time)
            .peer(Peer::IpcCommon, set)
            .python(&["manager-set"]),
    ]
}

fn get(times: u64) -> Outcome<Sample> {
    measure(times, |dict, n| {
        let value = dict.get(&(n % KEYS))?;
        check(n % KEYS, value, Some(n % KEYS))
    })
}

/// Each time the value of the time before comes back.
fn set(times: u64) -> Outcome<Sample> {
    measure(times, |dict, n| {
        let before = dict.insert(&(n % KEYS), &n)?;
        check(n % KEYS, before, Some(n.checked_sub(KEYS).unwrap_or(n)))
    })
}

fn measure(
    times: u64,
    step: impl Fn(&DictProxy<'_, u64, u64>, u64) -> Outcome<()>,
) -> Outcome<Sample> {
    let manager = Manager::new()?;
    let dict = manager.dict()?;
    for key in 0..KEYS {
        dict.insert(&key, &key)?;
    }
    let work = || (0..times).try_for_each(|n| step(&dict, n));
    // The server's processor time is known when it is gone.
    time(times, work, |()| {
        manager.server().kill()?;
        manager.server().join()?;
        Ok(())
    })
}

fn check(key: u64, value: Option<u64>, right: Option<u64>) -> Outcome<()> {
    match value == right {
        true => Ok(()),
        false => Err(format!("the value of {key} is {value:?}, not {right:?}").into()),
    }
}
