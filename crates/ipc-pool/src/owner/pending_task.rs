//! [`PendingTask`]: a task whose results are wanted.

use serde::de::DeserializeOwned;

use crate::owner::dispatcher::Dispatcher;
use crate::shared::failure::read_results;
use crate::shared::message::Message;
use crate::shared::task_queue::TaskNumber;
use ipc_error::Result;
use ipc_process::Message as Encodable;
use ipc_sync::internal::Deadline;

/// Its results are kept until this is dropped.
pub(crate) struct PendingTask<'p> {
    dispatcher: &'p Dispatcher,
    number: TaskNumber,
}

impl<'p> PendingTask<'p> {
    /// Gives the workers a task: one call of `function` for each of `arguments`.
    pub(crate) fn submit<A: Encodable, R: Encodable>(
        dispatcher: &'p Dispatcher,
        function: fn(A) -> R,
        arguments: &[A],
    ) -> Result<Self> {
        Ok(PendingTask { dispatcher, number: dispatcher.submit(function, arguments)? })
    }

    /// Waits for the results; `false` if the deadline came first.
    pub(crate) fn wait(&self, deadline: Deadline) -> Result<bool> {
        self.dispatcher.wait_until(deadline, |inbox| inbox.result(self.number).is_some())
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

    /// The task's number, for people.
    pub(crate) fn number(&self) -> TaskNumber {
        self.number
    }

    /// The place of the first of `tasks` whose results are there, or that could not be given; `None`
    /// if the deadline came first.
    pub(crate) fn first_done<'a>(
        dispatcher: &Dispatcher,
        tasks: impl Iterator<Item = &'a Result<PendingTask<'a>>> + Clone,
        deadline: Deadline,
    ) -> Option<usize> {
        let mut first = None;
        let done = dispatcher.wait_until(deadline, |inbox| {
            let is_done = |task: &Result<PendingTask<'_>>| {
                task.as_ref().map_or(true, |task| inbox.result(task.number).is_some())
            };
            first = tasks.clone().position(is_done);
            first.is_some()
        });
        match done {
            Ok(_) => first,
            Err(_) => Some(0), // the task that is asked for its results says what is wrong
        }
    }
}

impl Drop for PendingTask<'_> {
    fn drop(&mut self) {
        self.dispatcher.forget(self.number);
    }
}
