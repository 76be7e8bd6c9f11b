//! The commands of Redis that come closest, by the client that ipc-redis is built on: as many round
//! trips, and none of what makes it safe.

use redis::{Connection, Value, cmd, pipe};

use crate::outcome::Outcome;

pub(crate) fn make(connection: &mut Connection) -> Outcome<()> {
    Ok(cmd("XGROUP").arg(&["CREATE", "bare", "g", "0", "MKSTREAM"]).exec(connection)?)
}

pub(crate) fn put(connection: &mut Connection, item: &str, count: usize) -> Outcome<()> {
    let mut adds = pipe();
    for _ in 0..count {
        adds.cmd("XADD").arg(&["bare", "*", "item", item]);
    }
    adds.query::<Value>(connection)?;
    Ok(())
}

/// Takes up to `count` items and acknowledges them; how many there were.
pub(crate) fn take(connection: &mut Connection, consumer: &str, count: usize) -> Outcome<usize> {
    type Entries = Vec<(String, Vec<(String, Vec<String>)>)>;
    let mut read = cmd("XREADGROUP");
    read.arg(&["GROUP", "g", consumer, "COUNT"]).arg(count).arg(&["STREAMS", "bare", ">"]);
    let streams: Option<Entries> = read.query(connection)?;
    let entries = streams.into_iter().flatten().flat_map(|(_, entries)| entries);
    let ids: Vec<String> = entries.map(|(id, _)| id).collect();
    if !ids.is_empty() {
        let mut done = pipe();
        done.cmd("XACK").arg("bare").arg("g").arg(&ids).cmd("XDEL").arg("bare").arg(&ids);
        done.query::<Value>(connection)?;
    }
    Ok(ids.len())
}

pub(crate) fn left(connection: &mut Connection) -> Outcome<u64> {
    Ok(cmd("XLEN").arg("bare").query(connection)?)
}

pub(crate) fn lock_and_unlock(connection: &mut Connection) -> Outcome<()> {
    cmd("SET").arg(&["bare-lock", "me", "NX"]).exec(connection)?;
    Ok(cmd("DEL").arg("bare-lock").exec(connection)?)
}
