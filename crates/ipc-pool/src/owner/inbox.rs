//! [`Inbox`]: what the workers and their supervisor have told the pool.

use std::collections::HashMap;
use std::rc::Rc;

use crate::shared::message::Message;
use crate::shared::task_queue::TaskNumber;

#[derive(Default)]
pub(crate) struct Inbox {
    /// The tasks whose results are wanted, with the messages that have come.
    results: HashMap<TaskNumber, Option<Rc<Vec<u8>>>>,
    ready_workers: usize,
    /// Why no more results will come.
    end: Option<String>,
}

impl Inbox {
    /// Takes in a message. Results that are not wanted, or are there already, are dropped.
    pub(crate) fn accept(&mut self, message: Vec<u8>) {
        match Message::read(&message) {
            Some(Message::WorkerReady) => self.ready_workers += 1,
            Some(Message::PoolEnds(why)) => {
                let why = why.to_string();
                self.set_end(why);
            }
            Some(Message::TaskDone(task, _)) => {
                if let Some(result @ None) = self.results.get_mut(&task) {
                    *result = Some(Rc::new(message));
                }
            }
            None => unreachable!("workers and supervisor write messages with `Message::write`"),
        }
    }

    /// Keeps the results of a task, when they come, until it is [forgotten](Self::forget).
    pub(crate) fn expect(&mut self, task: TaskNumber) {
        self.results.insert(task, None);
    }

    pub(crate) fn forget(&mut self, task: TaskNumber) {
        self.results.remove(&task);
    }

    pub(crate) fn expects(&self, task: TaskNumber) -> bool {
        self.results.contains_key(&task)
    }

    /// The message with the results of a task, if it has come.
    pub(crate) fn result(&self, task: TaskNumber) -> Option<&Rc<Vec<u8>>> {
        self.results.get(&task)?.as_ref()
    }

    /// How many workers have become ready, those that have ended since included.
    pub(crate) fn ready_workers(&self) -> usize {
        self.ready_workers
    }

    /// Why no more results will come. The first reason stays.
    pub(crate) fn set_end(&mut self, why: String) {
        self.end.get_or_insert(why);
    }

    pub(crate) fn end(&self) -> Option<&str> {
        self.end.as_deref()
    }
}
