//! [`Peer`]: what is measured.

use serde::{Deserialize, Serialize};

/// What does the work.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// This library.
    IpcCommon,
    /// Python's multiprocessing.
    CPython,
    /// The package faster-fifo for Python.
    FasterFifo,
    /// The crate ipc-channel.
    IpcChannel,
    /// The crate cloudtoid-interprocess.
    Cloudtoid,
    /// Sockets of the standard library and the kernel.
    Sockets,
    /// The program starts itself again, by std's `Command`.
    ReExecuted,
    /// A ring in shared memory that does nothing for those that are killed.
    Vyukov,
    /// Threads of one process: crossbeam's bounded channel, std's mutex.
    Threads,
    /// Threads of one process: crossbeam's unbounded channel.
    ThreadsUnbounded,
    /// Threads of one process: the crate rtrb.
    Rtrb,
    /// The least that the work can take: what the kernel and the C library offer, without any comfort.
    Limit,
    /// Bare commands of the client of Redis.
    BareRedis,
    /// RQ, whose workers fork for each task.
    Rq,
    /// RQ with its worker that does not fork.
    RqSimple,
    /// Celery.
    Celery,
}

impl Peer {
    /// All, in the order of the tables.
    pub const ALL: [Peer; 16] = [
        Peer::IpcCommon,
        Peer::CPython,
        Peer::FasterFifo,
        Peer::IpcChannel,
        Peer::Cloudtoid,
        Peer::Sockets,
        Peer::ReExecuted,
        Peer::Vyukov,
        Peer::Threads,
        Peer::ThreadsUnbounded,
        Peer::Rtrb,
        Peer::Limit,
        Peer::BareRedis,
        Peer::Rq,
        Peer::RqSimple,
        Peer::Celery,
    ];

    /// Its name in the tables.
    pub fn label(self) -> &'static str {
        match self {
            Peer::IpcCommon => "ipc-common",
            Peer::CPython => "CPython",
            Peer::FasterFifo => "faster-fifo",
            Peer::IpcChannel => "ipc-channel",
            Peer::Cloudtoid => "cloudtoid-interprocess",
            Peer::Sockets => "sockets",
            Peer::ReExecuted => "started again",
            Peer::Vyukov => "Vyukov ring, not robust",
            Peer::Threads => "threads",
            Peer::ThreadsUnbounded => "threads, unbounded",
            Peer::Rtrb => "threads, rtrb",
            Peer::Limit => "limit",
            Peer::BareRedis => "bare commands",
            Peer::Rq => "RQ",
            Peer::RqSimple => "RQ, SimpleWorker",
            Peer::Celery => "Celery",
        }
    }

    /// What it does, for the notes of the tables.
    pub fn what(self) -> &'static str {
        match self {
            Peer::IpcCommon => {
                "this library, processes started by it; in the rows of a server its crate ipc-redis"
            }
            Peer::CPython => {
                "Python's multiprocessing, start method fork; items are int, dict and bytes"
            }
            Peer::FasterFifo => {
                "Python's package faster-fifo in forked processes: a circular buffer under a mutex, \
                 items pickled"
            }
            Peer::IpcChannel => {
                "the crate ipc-channel between forked processes; it has one receiver, and bytes go \
                 through its channel for bytes"
            }
            Peer::Cloudtoid => {
                "the crate cloudtoid-interprocess between forked processes: a circular buffer of 1 MiB \
                 for bytes, with numbers in them; whoever finds it full tries again and again"
            }
            Peer::Sockets => {
                "a Unix socket pair between forked processes, blocking, items as MessagePack; packets up \
                 to 64 KiB, above that a stream"
            }
            Peer::ReExecuted => {
                "the program starts itself anew by std's Command, which copies no memory: the way out \
                 of those who have no fork server; it passes on neither arguments nor what is shared"
            }
            Peer::Vyukov => {
                "Vyukov's bounded ring of 1024 numbers in bare shared memory between forked processes: \
                 no encoding, no lock, no sleep, and no provision for a process that is killed, which \
                 may stop it for ever"
            }
            Peer::Threads => {
                "threads of one process, no isolation, so that items are handed over where they lie: \
                 crossbeam's channel with a bound of 1024 items, a pool of two channels, std's \
                 threads and Mutex"
            }
            Peer::ThreadsUnbounded => "the same with crossbeam's unbounded channel",
            Peer::Rtrb => {
                "the crate rtrb's ring of 1024 items, one thread to another; whoever waits polls"
            }
            Peer::Limit => {
                "the least it can take: fork and waitpid, a bare blocking socket pair (beside busy \
                 loops two pipes), pthread's robust mutex, one copy of the item into shared memory"
            }
            Peer::BareRedis => {
                "the client of Redis that ipc-redis is built on, with as many round trips: XADD, \
                 XREADGROUP, XACK with XDEL, and SET NX, DEL: no bound, no number that keeps a lost \
                 reply from doing it twice, no fence"
            }
            Peer::Rq => "Python's RQ as it comes, one worker, which forks for each task",
            Peer::RqSimple => "the same with its SimpleWorker, which does not",
            Peer::Celery => "Python's Celery, one worker, pool solo, Redis for tasks and results",
        }
    }
}

/// A peer that is not measured in this run, and why.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// The peer.
    pub peer: Peer,
    /// A whole sentence.
    pub why: String,
}
