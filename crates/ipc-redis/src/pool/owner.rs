//! [`Owner`]: gives tasks, and takes in their results.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::process;

use ipc_codec::{Message, encode};

use crate::error::{Error, Result};
use crate::pool::task::{Call, Task};
use crate::queues::joinable::JoinableQueue;
use crate::server::limits::{LARGEST, LONGEST_BLOCK, MOST_AT_ONCE, count_at_once, encoded};
use crate::server::link::Link;
use crate::server::reply::entries;
use crate::server::wait::Deadline;

pub(crate) struct Owner {
    pub(crate) queue: JoinableQueue<Call>,
    process: u32,
    /// The stream where the results of this owner's tasks arrive.
    results: String,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    tasks: u64,
    is_closed: bool,
    /// The last result that was read; empty if none was.
    last: String,
    /// Size of the largest; none was read yet.
    largest: Option<usize>,
    unfinished: HashSet<u64>,
    /// What came of those tasks whose `AsyncResult` is still there.
    wanted: HashMap<u64, Option<Vec<u8>>>,
}

impl Owner {
    pub(crate) fn new(queue: JoinableQueue<Call>) -> Self {
        let results = queue.link.key(&format!("results:{}", queue.link.who()));
        Owner { queue, process: process::id(), results, state: RefCell::default() }
    }

    pub(crate) fn close(&self) {
        self.state.borrow_mut().is_closed = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.borrow().is_closed
    }

    pub(crate) fn is_all_done(&self) -> bool {
        self.state.borrow().unfinished.is_empty()
    }

    pub(crate) fn forget(&self, task: u64) {
        self.state.borrow_mut().wanted.remove(&task);
    }

    /// The number of a new task, and the bytes that are to be put.
    pub(crate) fn call<A: Message, R: Message>(
        &self,
        task: Task<A, R>,
        arguments: &A,
    ) -> Result<(u64, Vec<u8>)> {
        if !Link::is_of(self.process) {
            return Err(Error::Invalid(
                "cannot use the pool: it is for the process that connected; connect here, too",
            ));
        }
        if self.is_closed() {
            return Err(Error::Invalid("cannot give a task: the pool was closed; connect again"));
        }
        let mut bytes = Vec::new();
        encode(arguments, &mut bytes)?;
        let number = self.state.borrow().tasks + 1;
        let call = encoded(&Call {
            task: task.name.into(),
            version: task.version,
            results: self.results.clone(),
            number,
            arguments: bytes,
        })?;
        self.state.borrow_mut().tasks = number;
        Ok((number, call))
    }

    /// Gives the tasks to the workers.
    pub(crate) fn give(&self, tasks: &[u64], calls: &[Vec<u8>]) -> Result<()> {
        let some = tasks.chunks(MOST_AT_ONCE).zip(calls.chunks(MOST_AT_ONCE));
        for (tasks, calls) in some {
            self.queue.put_bytes(calls, Deadline::NEVER)?;
            let mut state = self.state.borrow_mut();
            state.unfinished.extend(tasks);
            state.wanted.extend(tasks.iter().map(|&task| (task, None)));
        }
        Ok(())
    }

    /// The bytes of a task's result, when they have come; `None` if the time is up before.
    pub(crate) fn result(&self, task: u64, deadline: Deadline) -> Result<Option<Vec<u8>>> {
        if !Link::is_of(self.process) {
            return Err(Error::Invalid(
                "cannot get a result of the pool: it is for the process that connected",
            ));
        }
        loop {
            if let Some(Some(bytes)) = self.state.borrow().wanted.get(&task) {
                return Ok(Some(bytes.clone()));
            }
            if !self.receive(deadline)? {
                return Ok(None);
            }
        }
    }

    /// Takes in results that have come, or waits a while for one; `false` if the time is up. They are
    /// removed only when the next ones are asked for: a reply may be lost.
    pub(crate) fn receive(&self, deadline: Deadline) -> Result<bool> {
        let (last, largest) = (self.state.borrow().last.clone(), self.state.borrow().largest);
        let block = deadline.block(LONGEST_BLOCK);
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(count_at_once(largest.unwrap_or(LARGEST / 16)));
        if let Some(block) = block {
            command.arg("BLOCK").arg(block.as_millis() as u64);
        }
        command.arg("STREAMS").arg(&self.results).arg(if last.is_empty() { "0" } else { &last });
        let mut trim = redis::cmd("XTRIM");
        trim.arg(&self.results).arg("MINID").arg(&last);
        let arrived = self.queue.link.call("wait for results", |session| {
            let reply = match last.is_empty() {
                true => session.query(&command),
                false => session.query_after(&trim, &command),
            };
            entries(reply?)
        })?;
        let has_come = !arrived.is_empty();
        let mut state = self.state.borrow_mut();
        for mut entry in arrived {
            let task = entry.number("task", 0);
            let result = entry.take("result");
            state.largest = state.largest.max(result.as_ref().map(Vec::len));
            state.unfinished.remove(&task);
            if let Some(wanted) = state.wanted.get_mut(&task) {
                *wanted = result;
            }
            state.last = entry.id;
        }
        Ok(has_come || block.is_some())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if Link::is_of(self.process) {
            // Otherwise the server removes them in a day.
            let leave = || {
                self.queue.link.call("leave the pool", |session| {
                    session.query::<()>(redis::cmd("UNLINK").arg(&self.results))
                })
            };
            let _ = self.queue.link.without_patience(leave);
        }
    }
}
