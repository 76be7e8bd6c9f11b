//! A pool and a queue beside tokio: the runtime goes on while other processes compute, one of which is
//! killed and replaced.
//!
//! The processes are started first: a fork copies one thread, and the runtime has several. The pool's
//! descriptor turns readable with each result, the queue's with each item; callbacks hand the results to
//! the tasks that wait for them.
//!
//! In Python: `loop.run_in_executor(pool, f, x)`, and `loop.add_reader(queue._reader, …)`.
//!
//! Run: `cargo run -p recipes --example event-loop`

use std::error::Error;
use std::io;
use std::os::fd::BorrowedFd;
use std::pin::pin;
use std::process;
use std::time::Duration;

use ipc_common::{Message, Pool, Process, Queue};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::interval;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let pool = Pool::new(2)?;
    let news = Queue::new()?.with_fd()?;
    let reporter = Process::new(|| (1..=3).try_for_each(|n| news.put(&format!("report {n}"))));
    let reporter = reporter.start()?;
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            error = collect(&pool) => error,
            done = work(&pool, &news) => done,
        }
    })?;
    drop(runtime);
    assert_eq!(reporter.join()?, 0);
    pool.close();
    Ok(pool.join()?)
}

/// Tells the runtime of a descriptor.
#[allow(unsafe_code, reason = "tokio takes a descriptor's number")]
fn watch(fd: BorrowedFd<'_>) -> Outcome<AsyncFd<BorrowedFd<'_>>> {
    // SAFETY: what is borrowed stays open until the result is dropped, and has one number.
    let watched = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    Ok(watched.map_err(io::Error::from)?)
}

/// Runs beside the tasks, and takes the results in for all of them.
async fn collect(pool: &Pool) -> Outcome<()> {
    let fd = watch(pool.fd()?)?;
    loop {
        fd.readable().await?.clear_ready(); // first: what comes from now on is heard of again
        pool.collect()?;
    }
}

/// As [`Pool::apply`], but the thread does other things meanwhile.
async fn apply<A: Message, R: Message + Send + 'static>(
    pool: &Pool,
    function: fn(A) -> R,
    arguments: A,
) -> Outcome<R> {
    let (sender, receiver) = oneshot::channel();
    let result = pool.apply_async(function, arguments)?;
    result.on_done(move |result| drop(sender.send(result))); // or nothing waits for it any more
    Ok(receiver.await??)
}

/// As [`Queue::get`], but the thread does other things meanwhile.
async fn get<T: Message>(queue: &Queue<T>, fd: &AsyncFd<BorrowedFd<'_>>) -> Outcome<T> {
    loop {
        let mut ready = fd.readable().await?;
        match queue.try_get() {
            Err(ipc_common::Error::Empty) => ready.clear_ready(),
            item => return Ok(item?),
        }
    }
}

/// Computes for a moment, and says in which process.
fn slow_square(n: u64) -> (u64, u32) {
    std::thread::sleep(Duration::from_millis(50));
    (n * n, process::id())
}

async fn work(pool: &Pool, news: &Queue<String>) -> Outcome<()> {
    let fd = watch(news.fd()?)?;
    for n in 1..=3 {
        assert_eq!(get(news, &fd).await?, format!("report {n}"));
    }

    let mut clock = interval(Duration::from_millis(5));
    let mut ticks = 0;
    let mut squares =
        pin!(async { tokio::try_join!(apply(pool, slow_square, 3), apply(pool, slow_square, 4)) });
    let ((nine, worker), (sixteen, _)) = loop {
        tokio::select! {
            squares = &mut squares => break squares?,
            _ = clock.tick() => ticks += 1,
        }
    };
    println!("{nine} and {sixteen}, and the runtime went on for {ticks} ticks");
    assert!((nine, sixteen) == (9, 16) && ticks > 1);

    kill(Pid::from_raw(worker.cast_signed()), Signal::SIGKILL)?;
    let (square, other) = loop {
        match apply(pool, slow_square, 5).await {
            Err(error) => println!("{error}"), // it had begun when its worker died: once more
            Ok((_, pid)) if pid == worker => println!("{worker} has not died yet"),
            Ok(done) => break done,
        }
    };
    println!("{square}, from process {other} after {worker} was killed");
    assert_eq!((square, pool.worker_pids().contains(&worker)), (25, false));
    Ok(())
}
