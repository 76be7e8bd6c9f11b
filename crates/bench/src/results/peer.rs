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
    /// The crate ipc-channel.
    IpcChannel,
    /// Sockets of the standard library and the kernel.
    Sockets,
    /// Threads of one process: crossbeam's bounded channel, std's mutex.
    Threads,
    /// Threads of one process: crossbeam's unbounded channel.
    ThreadsUnbounded,
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
    pub const ALL: [Peer; 11] = [
        Peer::IpcCommon,
        Peer::CPython,
        Peer::IpcChannel,
        Peer::Sockets,
        Peer::Threads,
        Peer::ThreadsUnbounded,
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
            Peer::IpcChannel => "ipc-channel",
            Peer::Sockets => "sockets",
            Peer::Threads => "threads",
            Peer::ThreadsUnbounded => "threads, unbounded",
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
            Peer::IpcChannel => {
                "the crate ipc-channel between forked processes; it has one receiver, and bytes go \
                 through its channel for bytes"
            }
            Peer::Sockets => {
                "a Unix socket pair between forked processes, blocking, items as MessagePack; packets up \
                 to 64 KiB, above that a stream"
            }
            Peer::Threads => {
                "threads of one process, no isolation, so that items are handed over where they lie: \
                 crossbeam's channel with a bound of 1024 items, a pool of two channels, std's \
                 threads and Mutex"
            }
            Peer::ThreadsUnbounded => "the same with crossbeam's unbounded channel",
            Peer::Limit => {
                "the least it can take: fork and waitpid, a bare blocking socket pair, pthread's robust \
                 mutex, one copy of the item into shared memory"
            }
            Peer::BareRedis => {
                "the client of Redis that ipc-redis is built on, with as many round trips: XADD,                  XREADGROUP, XACK with XDEL, and SET NX, DEL: no bound, no number that keeps a lost                  reply from doing it twice, no fence"
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
