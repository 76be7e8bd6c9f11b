//! [`Message`]: what workers and supervisor tell the pool.

use crate::shared::task_queue::TaskNumber;

/// ```text
///   kind: 1 byte │ WorkerReady: nothing
///                │ PoolEnds:    text
///                │ TaskDone:    task: 4 bytes │ results
/// ```
#[derive(PartialEq, Debug)]
pub enum Message<'a> {
    /// A worker has been initialised.
    WorkerReady,
    /// The pool cannot go on, and why.
    PoolEnds(&'a str),
    /// The results of a task, as [`read_results`](crate::shared::failure::read_results) reads them.
    TaskDone(TaskNumber, &'a [u8]),
}

const WORKER_READY: u8 = 1;
const POOL_ENDS: u8 = 2;
const TASK_DONE: u8 = 3;

impl<'a> Message<'a> {
    /// Appends it. (To what is written for a task without results, they can be appended later.)
    pub fn write(&self, into: &mut Vec<u8>) {
        match self {
            Message::WorkerReady => into.push(WORKER_READY),
            Message::PoolEnds(why) => {
                into.push(POOL_ENDS);
                into.extend_from_slice(why.as_bytes());
            }
            Message::TaskDone(task, results) => {
                into.push(TASK_DONE);
                into.extend(task.to_bits().to_ne_bytes());
                into.extend_from_slice(results);
            }
        }
    }

    /// Reads what [`write`](Self::write) has written.
    pub fn read(message: &'a [u8]) -> Option<Self> {
        let (kind, rest) = message.split_first()?;
        match *kind {
            WORKER_READY => Some(Message::WorkerReady),
            POOL_ENDS => str::from_utf8(rest).ok().map(Message::PoolEnds),
            TASK_DONE => {
                let (task, results) = rest.split_first_chunk()?;
                let task = TaskNumber::from_bits(u32::from_ne_bytes(*task));
                Some(Message::TaskDone(task, results))
            }
            _ => None,
        }
    }
}
