//! Queues: how many items get through, for some numbers of producers and consumers.

use std::hint::black_box;

use ipc_common::Queue;
use serde_bytes::ByteBuf;

use crate::benchmarks::payload::{Order, Payload, bytes};
use crate::benchmarks::shape::{Shape, between_processes, between_threads};
use crate::outcome::Outcome;
use crate::peers::crossbeam_channel::{BOUND, Crossbeam};
use crate::peers::shared_memory::SharedMemory;
use crate::peers::socket::{LARGEST_PACKET, Packets, Stream};
use crate::peers::vyukov::VyukovRing;
use crate::results::measure::Measure;
use crate::results::measure::Section;
use crate::results::peer::Peer;
use crate::results::sample::Sample;
use crate::runner::benchmark::Benchmark;
use crate::runner::race::{Tally, processes};

#[cfg(feature = "peers")]
use crate::benchmarks::rtrb_threads;
#[cfg(feature = "peers")]
use crate::peers::cloudtoid::Cloudtoid;
#[cfg(feature = "peers")]
use crate::peers::ipc_channel_channel::{Bytes, Typed};

/// The most memory that the items in an unbounded queue may take.
const MOST_BYTES: u64 = 1 << 30;

pub(crate) fn benchmarks() -> Vec<Benchmark> {
    vec![
        small("queue-u64", "queue, u64, 1 → 1", Shape { producers: 1, consumers: 1 }),
        orders(),
        sized("queue-1kib", "queue, 1 KiB, 1 → 1", 1 << 10),
        sized("queue-1mib", "queue, 1 MiB, 1 → 1", 1 << 20),
        small("queue-1-to-4", "queue, u64, 1 → 4", Shape { producers: 1, consumers: 4 }),
        small("queue-4-to-1", "queue, u64, 4 → 1", Shape { producers: 4, consumers: 1 }),
        small("queue-4-to-4", "queue, u64, 4 → 4", Shape { producers: 4, consumers: 4 }),
        bounded(),
    ]
}

pub(crate) fn growth() -> Vec<Benchmark> {
    let workers = [1, 2, 4, 8, 16].map(|n| {
        let shape = Shape { producers: n, consumers: n };
        small(&format!("workers-{n}"), &format!("queue, u64, {n} → {n}"), shape)
    });
    let sizes = [
        (8, "8 B"),
        (64, "64 B"),
        (512, "512 B"),
        (4 << 10, "4 KiB"),
        (32 << 10, "32 KiB"),
        (256 << 10, "256 KiB"),
        (2 << 20, "2 MiB"),
        (16 << 20, "16 MiB"),
        (64 << 20, "64 MiB"),
    ];
    let sizes = sizes.map(|(size, text)| {
        let name = format!("size-{}", text.replace(' ', "").to_lowercase());
        sized(&name, &format!("queue, items of {text}"), size)
    });
    workers.into_iter().chain(sizes).map(|benchmark| benchmark.section(Section::Growth)).collect()
}

/// Numbers.
fn small(name: &str, title: &str, shape: Shape) -> Benchmark {
    let Shape { producers, consumers } = shape;
    let work = ["queue", "int", &producers.to_string(), &consumers.to_string(), "0"];
    let benchmark = Benchmark::new(name, title, Measure::Rate)
        .peer(Peer::IpcCommon, move |n| between_processes(&Queue::new()?, &0_u64, shape, n))
        .python(&work)
        .faster_fifo(&work);
    #[cfg(feature = "peers")]
    let benchmark = match consumers {
        1 => benchmark
            .peer(Peer::IpcChannel, move |n| between_processes(&Typed::new()?, &0_u64, shape, n)),
        _ => benchmark, // it has one receiver
    };
    #[cfg(feature = "peers")]
    let benchmark = benchmark
        .peer(Peer::Cloudtoid, move |n| between_processes(&Cloudtoid::new()?, &0_u64, shape, n));
    let benchmark = benchmark
        .peer(Peer::Sockets, move |n| between_processes(&Packets::new()?, &0_u64, shape, n))
        .peer(Peer::Vyukov, move |n| between_processes(&VyukovRing::new()?, &0_u64, shape, n))
        .peer(Peer::Threads, move |n| between_threads(&Crossbeam::bounded(BOUND), &0, shape, n))
        .peer(Peer::ThreadsUnbounded, move |n| {
            between_threads(&Crossbeam::unbounded(), &0, shape, n)
        });
    #[cfg(feature = "peers")]
    let benchmark = match (producers, consumers) {
        (1, 1) => benchmark.peer(Peer::Rtrb, |n| rtrb_threads::one_at_a_time(&0_u64, n)),
        _ => benchmark, // it has one producer and one consumer
    };
    benchmark
}

/// Structs with a text.
fn orders() -> Benchmark {
    let shape = Shape { producers: 1, consumers: 1 };
    let new = Order::new;
    let benchmark = Benchmark::new("queue-struct", "queue, 64 B struct, 1 → 1", Measure::Rate)
        .peer(Peer::IpcCommon, move |n| between_processes(&Queue::new()?, &new(), shape, n))
        .python(&["queue", "dict", "1", "1", "0"])
        .faster_fifo(&["queue", "dict", "1", "1", "0"]);
    #[cfg(feature = "peers")]
    let benchmark = benchmark
        .peer(Peer::IpcChannel, move |n| between_processes(&Typed::new()?, &new(), shape, n));
    benchmark
        .peer(Peer::Sockets, move |n| between_processes(&Packets::new()?, &new(), shape, n))
        .peer(Peer::Threads, move |n| between_threads(&Crossbeam::bounded(BOUND), &new(), shape, n))
        .peer(Peer::ThreadsUnbounded, move |n| {
            between_threads(&Crossbeam::unbounded(), &new(), shape, n)
        })
}

/// Bytes.
fn sized(name: &str, title: &str, size: usize) -> Benchmark {
    let shape = Shape { producers: 1, consumers: 1 };
    let item = move || bytes(size);
    let benchmark = Benchmark::new(name, title, Measure::Bytes(size as u64))
        .at_most((MOST_BYTES / size as u64).max(1))
        .peer(Peer::IpcCommon, move |n| between_processes(&Queue::new()?, &item(), shape, n))
        .python(&["queue", &size.to_string(), "1", "1", "0"])
        .faster_fifo(&["queue", &size.to_string(), "1", "1", "0"]);
    #[cfg(feature = "peers")]
    let benchmark = benchmark
        .peer(Peer::IpcChannel, move |n| between_processes(&Bytes::new()?, &item(), shape, n));
    benchmark
        .peer(Peer::Sockets, move |n| match size {
            ..=LARGEST_PACKET => between_processes(&Packets::new()?, &item(), shape, n),
            _ => between_processes(&Stream::new()?, &item(), shape, n),
        })
        .peer(Peer::Threads, move |n| {
            between_threads(&Crossbeam::bounded(BOUND), &item(), shape, n)
        })
        .peer(Peer::ThreadsUnbounded, move |n| {
            between_threads(&Crossbeam::unbounded(), &item(), shape, n)
        })
        .peer(Peer::Limit, move |n| copies(&item(), n))
}

/// A queue that is nearly always full.
fn bounded() -> Benchmark {
    let shape = Shape { producers: 1, consumers: 1 };
    Benchmark::new("queue-bounded", "queue bounded to 5, u64, 1 → 1", Measure::Rate)
        .peer(Peer::IpcCommon, move |n| between_processes(&Queue::bounded(5)?, &0_u64, shape, n))
        .python(&["queue", "int", "1", "1", "5"])
        .peer(Peer::Threads, move |n| between_threads(&Crossbeam::bounded(5), &0, shape, n))
}

/// The least that carrying bytes takes: one copy into shared memory for each item.
fn copies(prototype: &ByteBuf, items: u64) -> Outcome<Sample> {
    let memory = SharedMemory::new(prototype.len())?;
    memory.store(prototype); // so that the pages are there
    let race = processes(1, |_| {
        let mut tally = Tally::default();
        let mut item = prototype.clone();
        for number in 0..items {
            item.stamp(number);
            memory.store(black_box(&item));
            tally.add(item.number());
        }
        Ok(tally)
    })?;
    Shape { producers: 0, consumers: 1 }.check(&race, items)?;
    Ok(race.sample(items))
}
