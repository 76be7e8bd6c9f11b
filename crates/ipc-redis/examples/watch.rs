//! Shows all queues, pools and locks of a server, and renews the table every second until Ctrl-C.
//!
//! For each queue and pool: items that wait, items in hand, the oldest one's age, and how many were put
//! and finished in the last second; below it who has items in hand, how many, and for how long.
//!
//! Run: `cargo run -p ipc-redis --example watch`, or with `-- --once` for one table. The server is on
//! this machine, or at `REDIS_URL`.

use std::collections::{BTreeSet, HashMap};
use std::env;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::{Connection, RedisResult, cmd};

/// Who has items in hand, how many, and milliseconds since the oldest of them was given.
type Holder = (String, u64, u64);

struct Row {
    name: String,
    unfinished: u64,
    put: u64,
    age: Duration,
    holders: Vec<Holder>,
}

fn main() -> RedisResult<()> {
    let url = env::var("REDIS_URL").unwrap_or("redis://localhost".into());
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let is_once = env::args().any(|argument| argument == "--once");
    let mut before = HashMap::new();
    loop {
        let keys = keys(&mut connection)?;
        if !is_once {
            print!("\x1b[H\x1b[2J"); // the top of an empty screen
        }
        println!(
            "{:24}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "", "waiting", "in hand", "oldest", "put/s", "done/s"
        );
        for key in keys.iter().filter(|key| key.ends_with("}:items")) {
            let row = row(&mut connection, key)?;
            print_row(&row, before.insert(row.name.clone(), (row.put, row.unfinished)));
        }
        for key in keys.iter().filter(|key| key.ends_with("}:lock")) {
            let (holder, fence): (Option<String>, Option<u64>) =
                cmd("HMGET").arg(key).arg("connection").arg("fence").query(&mut connection)?;
            let (holder, fence) = (holder.unwrap_or_default(), fence.unwrap_or_default());
            println!("{:24}lock of {holder}, fence {fence}", name_of(key));
        }
        if is_once {
            return Ok(());
        }
        sleep(Duration::from_secs(1));
    }
}

/// All keys of this crate. `SCAN` goes through them in parts, so that the server can do other things.
fn keys(connection: &mut Connection) -> RedisResult<BTreeSet<String>> {
    let (mut keys, mut cursor) = (BTreeSet::new(), 0);
    loop {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg("{*}:*").arg("COUNT").arg(1_000);
        let (next, some): (u64, Vec<String>) = scan.query(connection)?;
        keys.extend(some);
        cursor = next;
        if cursor == 0 {
            return Ok(keys);
        }
    }
}

fn row(connection: &mut Connection, key: &str) -> RedisResult<Row> {
    let unfinished = cmd("XLEN").arg(key).query(connection)?;
    let info: HashMap<String, redis::Value> =
        cmd("XINFO").arg("STREAM").arg(key).query(connection)?;
    let put = info.get("entries-added").cloned().map_or(Ok(0), redis::from_redis_value)?;
    let mut range = cmd("XRANGE");
    let first: Vec<(String, redis::Value)> =
        range.arg(key).arg("-").arg("+").arg("COUNT").arg(1).query(connection)?;
    // An entry's id begins with the milliseconds when it was put.
    let put_at = first.first().and_then(|(id, _)| id.split('-').next()?.parse().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let age =
        put_at.map_or(Duration::ZERO, |put_at| now.saturating_sub(Duration::from_millis(put_at)));
    let mut pending = cmd("XPENDING");
    pending.arg(key).arg("consumers").arg("-").arg("+").arg(10_000);
    let pending: Vec<(String, String, u64, u64)> = pending.query(connection)?;
    let mut holders: HashMap<String, (u64, u64)> = HashMap::new();
    for (_, holder, idle, _) in pending {
        let (items, longest) = holders.entry(holder).or_default();
        *items += 1;
        *longest = idle.max(*longest);
    }
    let mut holders: Vec<Holder> =
        holders.into_iter().map(|(name, (items, longest))| (name, items, longest)).collect();
    holders.sort();
    Ok(Row { name: name_of(key).into(), unfinished, put, age, holders })
}

fn print_row(row: &Row, before: Option<(u64, u64)>) {
    let in_hand: u64 = row.holders.iter().map(|(_, items, _)| items).sum();
    let (put, done) = before.map_or((0, 0), |(put, unfinished)| {
        let put = row.put.saturating_sub(put);
        (put, (unfinished + put).saturating_sub(row.unfinished))
    });
    let waiting = row.unfinished.saturating_sub(in_hand);
    let age = format!("{:.1} s", row.age.as_secs_f64());
    println!("{:24}{waiting:>9}{in_hand:>9}{age:>9}{put:>9}{done:>9}", row.name);
    for (holder, items, longest) in &row.holders {
        println!("    {holder:44}{items:>4} for {:.1} s", *longest as f64 / 1e3);
    }
}

fn name_of(key: &str) -> &str {
    key.split(['{', '}']).nth(1).unwrap_or(key)
}
