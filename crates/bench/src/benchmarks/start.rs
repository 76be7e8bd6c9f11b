//! Starting processes and waiting for their end.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::{Command, Stdio};
use std::thread::ScopedJoinHandle;
use std::{hint, thread};

use ipc_common::{Child, ForkServer, Process};

use crate::outcome::Outcome;
use crate::peers::forked::Forked;
use crate::results::measure::Measure;
use crate::results::measure::Section;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::clock::time;

const GIB: usize = 1 << 30;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    vec![
        one_by_one("start", "start and join a process", 0),
        one_by_one("start-1gib", "the same, parent with 1 GiB", GIB),
        through_a_server("forkserver", "the same through a fork server", 0),
        through_a_server("forkserver-1gib", "the same, parent with 1 GiB", GIB),
    ]
}

pub(crate) fn growth() -> Vec<Benchmark> {
    [1, 10, 100, 1000]
        .map(|count| {
            let title = match count {
                1 => "1 process".into(),
                _ => format!("{count} processes at once, each"),
            };
            Benchmark::new(format!("processes-{count}"), title, Measure::Time)
                .exactly(count)
                .section(Section::Growth)
                .peer(Peer::IpcCommon, |n| time(n, || ours_at_once(n), |()| Ok(())))
                .python(&["at-once"])
                .peer(Peer::Threads, |n| time(n, || threads_at_once(n), |()| Ok(())))
                .peer(Peer::Limit, |n| time(n, || forks_at_once(n), |()| Ok(())))
        })
        .into()
}

/// Beside `ballast` bytes of memory that the parent has touched.
fn one_by_one(name: &str, title: &str, ballast: usize) -> Benchmark {
    Benchmark::new(name, title, Measure::Time)
        .peer(Peer::IpcCommon, move |n| repeat(ballast, n, ours))
        .python(&["start", &ballast.to_string()])
        .peer(Peer::Threads, move |n| repeat(ballast, n, one_thread))
        .peer(Peer::Limit, move |n| repeat(ballast, n, one_fork))
}

/// The server is made before the memory is touched; the limit is to fork without one.
fn through_a_server(name: &str, title: &str, ballast: usize) -> Benchmark {
    let ours = move |times| {
        let server = ForkServer::new()?;
        let start_and_join = || server.process(|()| (), ()).start()?.join();
        let _ballast = hint::black_box(vec![1_u8; ballast]);
        let all = || (0..times).try_for_each(|_| ended_well(start_and_join()? == 0));
        time(times, all, |()| Ok(()))
    };
    Benchmark::new(name, title, Measure::Time)
        .peer(Peer::IpcCommon, ours)
        .python(&["start", &ballast.to_string(), "forkserver"])
        .peer(Peer::ReExecuted, move |n| repeat(ballast, n, one_more_of_itself))
        .peer(Peer::Limit, move |n| repeat(ballast, n, one_fork))
}

fn repeat(ballast: usize, times: u64, start_and_join: fn() -> Outcome<()>) -> Outcome<Sample> {
    let _ballast = hint::black_box(vec![1_u8; ballast]);
    time(times, || (0..times).try_for_each(|_| start_and_join()), |()| Ok(()))
}

fn ours() -> Outcome<()> {
    let code = Process::new(|| ()).start()?.join()?;
    ended_well(code == 0)
}

fn one_thread() -> Outcome<()> {
    let ended = thread::spawn(|| ()).join();
    ended_well(ended.is_ok())
}

fn one_fork() -> Outcome<()> {
    Forked::new(|| true)?.wait().and_then(ended_well)
}

/// What it does there is over in no time.
fn one_more_of_itself() -> Outcome<()> {
    let ended = Command::new("/proc/self/exe").arg("--help").stdout(Stdio::null()).status()?;
    ended_well(ended.success())
}

fn ours_at_once(count: u64) -> Outcome<()> {
    let word = Word::new()?;
    let start = |_| Process::new(|| word.hear()).start();
    let children = (0..count).map(start).collect::<ipc_common::Result<Vec<Child>>>()?;
    word.say(count)?;
    children.iter().try_for_each(|child| ended_well(child.join()? == 0))
}

fn threads_at_once(count: u64) -> Outcome<()> {
    let word = Word::new()?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(|| word.hear())).collect();
        word.say(count)?;
        let heard = |thread: ScopedJoinHandle<'_, _>| matches!(thread.join(), Ok(Ok(())));
        threads.into_iter().try_for_each(|thread| ended_well(heard(thread)))
    })
}

fn forks_at_once(count: u64) -> Outcome<()> {
    let word = Word::new()?;
    let start = |_| Forked::new(|| word.hear().is_ok());
    let children = (0..count).map(start).collect::<Outcome<Vec<Forked>>>()?;
    word.say(count)?;
    children.into_iter().try_for_each(|child| child.wait().and_then(ended_well))
}

/// What all of many wait for, so that they are alive at the same time.
struct Word(PipeReader, PipeWriter);

impl Word {
    fn new() -> io::Result<Word> {
        io::pipe().map(|(reader, writer)| Word(reader, writer))
    }

    fn say(&self, listeners: u64) -> io::Result<()> {
        (&self.1).write_all(&vec![0; listeners as usize])
    }

    fn hear(&self) -> io::Result<()> {
        (&self.0).read_exact(&mut [0])
    }
}

fn ended_well(well: bool) -> Outcome<()> {
    if well { Ok(()) } else { Err("a child did not end as it should.".into()) }
}
