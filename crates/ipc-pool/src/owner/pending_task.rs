//! [`PendingTask`]: a task whose results are wanted.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::owner::dispatcher::Dispatcher;
use crate::owner::inbox::Callback;
use ipc_error::Result;
use ipc_queue::Message as Encodable;
use ipc_sync::internal::Deadline;
use ipc_worker::shared::failure::read_results;
use ipc_worker::shared::message::Message;
use ipc_worker::shared::task_queue::{TaskNumber, Work};

/// Its results are kept until this is dropped.
pub(crate) struct PendingTask {
    dispatcher: Arc<Dispatcher>,
    number: TaskNumber,
}

impl PendingTask {
    /// Gives the workers a task: one call for each of `arguments`.
    pub(crate) fn submit<A: Encodable, R: Encodable>(
        dispatcher: &Arc<Dispatcher>,
        work: Work<A, R>,
        limit: Option<Duration>,
        arguments: &[A],
    ) -> Result<Self> {
        let number = dispatcher.submit(work, limit, arguments)?;
        Ok(PendingTask { dispatcher: Arc::clone(dispatcher), number })
    }

    /// Waits for the results; `false` if the deadline came first.
    pub(crate) fn wait(&self, deadline: Deadline) -> Result<bool> {
        let (collector, task) = (self.dispatcher.collector(), self.number);
        collector.wait_until(deadline, Some(task), |inbox| inbox.result(task).is_some())
    }

    /// Waits for the results, and calls `each` with them until it fails.
    pub(crate) fn get<R: DeserializeOwned>(
        &self,
        each: impl FnMut(Result<R>) -> Result<()>,
    ) -> Result<()> {
        self.wait(Deadline::NEVER)?;
        let message = self.dispatcher.result(self.number).expect("it has been waited for");
        match Message::read(&message) {
            Some(Message::TaskDone(_, results)) => read_results(results).try_for_each(each),
            _ => unreachable!("the inbox keeps nothing else for a task"),
        }
    }

    /// Whether there is nothing to wait for.
    pub(crate) fn is_done(&self) -> bool {
        self.dispatcher.is_done(self.number)
    }

    /// Has what it is given called when the results are there, or never come.
    pub(crate) fn caller(&self) -> impl FnOnce(Callback) + use<> {
        let (dispatcher, number) = (Arc::clone(&self.dispatcher), self.number);
        move |then| dispatcher.call_when_done(number, then)
    }

    /// The task's number, for people.
    pub(crate) fn number(&self) -> TaskNumber {
        self.number
    }

    /// The place of the first of `groups` whose results are all there, 0 if they never come; `None` if
    /// the deadline came first.
    pub(crate) fn first_done<'a>(
        dispatcher: &Dispatcher,
        groups: impl Iterator<Item = &'a [PendingTask]> + Clone,
        deadline: Deadline,
    ) -> Result<Option<usize>> {
        let mut first = None;
        dispatcher.collector().wait(deadline, None, |inbox| {
            let is_done = |task: &PendingTask| inbox.result(task.number).is_some();
            first = groups.clone().position(|tasks| tasks.iter().all(is_done));
            first = first.or(inbox.end().map(|_| 0));
            first.is_some()
        })?;
        Ok(first)
    }
}

impl Drop for PendingTask {
    fn drop(&mut self) {
        self.dispatcher.forget(self.number);
    }
}
