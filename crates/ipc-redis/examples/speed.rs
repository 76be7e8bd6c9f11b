//! How fast it is, beside bare commands of the same client with the same number of round trips.
//!
//! Run: `cargo run --release -p ipc-redis --example speed`. It starts a server of its own on a Unix
//! socket. Each pair is measured in turn, five times; the medians are printed.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_common::{Event, Process};
use ipc_redis::{JoinableQueue, Lock, Pool, Result, Task, Worker};
use redis::{Connection, RedisResult, Value, cmd, pipe};

const ITEM: &str = "an item of some forty bytes, as tasks are";
const BATCH: usize = 100;
const ROUNDS: usize = 5;

const ECHO: Task<u64, u64> = Task::new("echo", 1, |n| n);

type Anything = std::result::Result<(), Box<dyn std::error::Error>>;

fn main() -> Anything {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("redis.sock");
    let mut server = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--unixsocket"])
        .arg(&socket)
        .stdout(Stdio::null())
        .spawn()?;
    let url = format!("redis+unix://{}", socket.display());
    while JoinableQueue::<()>::connect(&url, "ready").is_err() {
        thread::sleep(Duration::from_millis(10));
    }
    let measured = measure(&url);
    server.kill()?;
    server.wait()?;
    measured
}

fn measure(url: &str) -> Anything {
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let queue = JoinableQueue::<String>::connect(url, "speed")?;
    cmd("XGROUP").arg(&["CREATE", "bare", "g", "0", "MKSTREAM"]).exec(&mut connection)?;
    println!("{:34}{:>12}{:>12}{:>8}", "items per second", "bare", "here", "ratio");
    compare(
        "put, get, done, one at a time",
        3_000,
        1,
        || bare_one(&mut connection),
        || one(&queue),
    )?;
    compare("in batches of 100", 300, BATCH, || bare_batch(&mut connection), || batch(&queue))?;
    let lock = Lock::connect(url, "speed")?;
    compare("lock and unlock", 3_000, 1, || bare_lock(&mut connection), || lock.lock()?.unlock())?;
    consumers(url)?;
    pool(url)
}

/// Prints the medians of both, in items per second.
fn compare(
    name: &str,
    times: usize,
    items: usize,
    mut bare: impl FnMut() -> RedisResult<()>,
    mut here: impl FnMut() -> Result<()>,
) -> Anything {
    let (mut bares, mut heres) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..times {
            bare()?;
        }
        bares.push(start.elapsed());
        let start = Instant::now();
        for _ in 0..times {
            here()?;
        }
        heres.push(start.elapsed());
    }
    let [bare, here] = [bares, heres].map(|mut took| {
        took.sort();
        (times * items) as f64 / took[ROUNDS / 2].as_secs_f64()
    });
    println!("{name:34}{bare:>12.0}{here:>12.0}{:>8.2}", here / bare);
    Ok(())
}

fn bare_one(connection: &mut Connection) -> RedisResult<()> {
    cmd("XADD").arg(&["bare", "*", "item", ITEM]).query::<Value>(connection)?;
    bare_take(connection, 1)
}

fn bare_batch(connection: &mut Connection) -> RedisResult<()> {
    let mut adds = pipe();
    for _ in 0..BATCH {
        adds.cmd("XADD").arg(&["bare", "*", "item", ITEM]);
    }
    adds.query::<Value>(connection)?;
    bare_take(connection, BATCH)
}

fn bare_take(connection: &mut Connection, count: usize) -> RedisResult<()> {
    type Entries = Vec<(String, Vec<(String, Vec<String>)>)>;
    let mut read = cmd("XREADGROUP");
    read.arg(&["GROUP", "g", "c", "COUNT"]).arg(count).arg(&["STREAMS", "bare", ">"]);
    let streams: Entries = read.query(connection)?;
    let ids: Vec<&String> = streams[0].1.iter().map(|(id, _)| id).collect();
    let mut done = pipe();
    done.cmd("XACK").arg("bare").arg("g").arg(&ids).cmd("XDEL").arg("bare").arg(&ids);
    done.query::<Value>(connection)?;
    Ok(())
}

fn bare_lock(connection: &mut Connection) -> RedisResult<()> {
    cmd("SET").arg(&["bare-lock", "me", "NX"]).query::<Value>(connection)?;
    cmd("DEL").arg("bare-lock").query::<Value>(connection)?;
    Ok(())
}

fn one(queue: &JoinableQueue<String>) -> Result<()> {
    queue.put(&ITEM.into())?;
    queue.get()?.done()
}

fn batch(queue: &JoinableQueue<String>) -> Result<()> {
    queue.put_many(&vec![ITEM.into(); BATCH])?;
    let items = queue.get_many(BATCH)?;
    queue.done_many(items)
}

/// Many items that wait, and so many processes that take one at a time.
fn consumers(url: &str) -> Anything {
    const ITEMS: usize = 20_000;
    for count in [1, 4, 16, 64] {
        let start = Event::new()?;
        let consumers = (0..count).map(|_| {
            let start = &start;
            let consumer = Process::new(move || -> Result<()> {
                let queue = JoinableQueue::<String>::connect(url, "many")?;
                start.wait();
                loop {
                    queue.get()?.done()?;
                }
            });
            consumer.daemon(true).start()
        });
        let consumers = consumers.collect::<ipc_common::Result<Vec<_>>>()?;
        let queue = JoinableQueue::<String>::connect(url, "many")?;
        queue.put_many(&vec![ITEM.into(); ITEMS])?;
        let begin = Instant::now();
        start.set();
        queue.join()?;
        let rate = ITEMS as f64 / begin.elapsed().as_secs_f64();
        println!("{:34}{:>24.0}", format!("get and done, {count} consumers"), rate);
        for consumer in consumers {
            consumer.kill()?;
            consumer.join()?;
        }
    }
    Ok(())
}

fn pool(url: &str) -> Anything {
    const TASKS: u64 = 10_000;
    let worker = Process::new(|| Worker::connect(url, "speed")?.task(ECHO).run());
    let worker = worker.daemon(true).start()?;
    let pool = Pool::connect(url, "speed")?;
    pool.apply(ECHO, 0)?;
    let begin = Instant::now();
    let tasks = (0..TASKS).map(|n| pool.apply_async(ECHO, n)).collect::<Result<Vec<_>>>()?;
    for (n, task) in (0..).zip(tasks) {
        assert_eq!(task.get()?, n);
    }
    let rate = TASKS as f64 / begin.elapsed().as_secs_f64();
    println!("{:34}{rate:>24.0}", "pool, one worker: apply_async, get");
    let begin = Instant::now();
    pool.map(ECHO, 0..TASKS)?;
    let rate = TASKS as f64 / begin.elapsed().as_secs_f64();
    println!("{:34}{rate:>24.0}", "pool, one worker: map");
    worker.kill()?;
    worker.join()?;
    Ok(())
}
