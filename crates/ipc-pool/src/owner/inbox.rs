//! [`Inbox`]: what the workers and their supervisor have told the pool.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::thread::{self, Thread};

use ipc_worker::shared::message::Message;
use ipc_worker::shared::task_queue::TaskNumber;

/// What is to be done when a task's results are there, or never come.
pub(crate) type Callback = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub(crate) struct Inbox {
    /// The tasks whose results are wanted.
    tasks: HashMap<TaskNumber, Entry, BuildHasherDefault<Neighbours>>,
    /// What is to be called as soon as the inbox is not locked.
    due: VecDeque<Callback>,
    /// How many messages were taken in.
    taken_in: u64,
    /// A thread listens to the doorbell, for itself and the sleepers.
    pub(crate) has_listener: bool,
    sleepers: Vec<Sleeper>,
    ready_workers: usize,
    /// Why no more results will come.
    end: Option<String>,
}

#[derive(Default)]
struct Entry {
    /// The message with the results, when it has come.
    message: Option<Arc<Vec<u8>>>,
    then: Option<Callback>,
}

/// Hashes task numbers so that those of tasks given one after another lie side by side: most are looked for
/// in that order. The map takes the place from the lower bits, and tells entries apart by the upper ones.
#[derive(Default)]
struct Neighbours(u64);

impl Hasher for Neighbours {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a task number is a u32");
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = u64::from(number) << 57 | u64::from(number);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A thread that waits for another one to listen: for this task, or for whatever comes.
struct Sleeper {
    thread: Thread,
    task: Option<TaskNumber>,
}

impl Inbox {
    /// Takes in a message. Results that are not wanted, or are there already, are dropped.
    pub(crate) fn accept(&mut self, message: Vec<u8>) {
        self.taken_in += 1;
        match Message::read(&message) {
            Some(Message::WorkerReady) => {
                self.ready_workers += 1;
                self.wake(None);
            }
            Some(Message::PoolEnds(why)) => {
                let why = why.to_string();
                self.set_end(why);
            }
            Some(Message::TaskDone(task, _)) => {
                if let Some(entry @ Entry { message: None, .. }) = self.tasks.get_mut(&task) {
                    entry.message = Some(Arc::new(message));
                    self.due.extend(entry.then.take());
                    self.wake(Some(task));
                }
            }
            None => unreachable!("workers and supervisor write messages with `Message::write`"),
        }
    }

    /// Keeps the results of a task, when they come, until it is [forgotten](Self::forget).
    pub(crate) fn expect(&mut self, task: TaskNumber) {
        self.tasks.insert(task, Entry::default());
    }

    pub(crate) fn forget(&mut self, task: TaskNumber) {
        self.tasks.remove(&task);
    }

    pub(crate) fn expects(&self, task: TaskNumber) -> bool {
        self.tasks.contains_key(&task)
    }

    /// The message with the results of a task, if it has come.
    pub(crate) fn result(&self, task: TaskNumber) -> Option<&Arc<Vec<u8>>> {
        self.tasks.get(&task)?.message.as_ref()
    }

    /// Has `then` called when the results of a task are there, or never come.
    pub(crate) fn call_when_done(&mut self, task: TaskNumber, then: Callback) {
        match self.tasks.get_mut(&task) {
            Some(entry @ Entry { message: None, .. }) if self.end.is_none() => {
                entry.then = Some(then);
            }
            _ => self.due.push_back(then),
        }
    }

    /// The next callback that is to be called.
    pub(crate) fn next_due(&mut self) -> Option<Callback> {
        self.due.pop_front()
    }

    pub(crate) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// How many workers have become ready, those that have ended since included.
    pub(crate) fn ready_workers(&self) -> usize {
        self.ready_workers
    }

    /// How many messages were taken in.
    pub(crate) fn taken_in(&self) -> u64 {
        self.taken_in
    }

    /// Why no more results will come. The first reason stays.
    pub(crate) fn set_end(&mut self, why: String) {
        self.end.get_or_insert(why);
        self.due.extend(self.tasks.values_mut().filter_map(|entry| entry.then.take()));
        self.sleepers.iter().for_each(|sleeper| sleeper.thread.unpark());
    }

    pub(crate) fn end(&self) -> Option<&str> {
        self.end.as_deref()
    }

    /// This thread is to be woken: by the results of this task, or by whatever comes.
    pub(crate) fn add_sleeper(&mut self, task: Option<TaskNumber>) {
        self.sleepers.push(Sleeper { thread: thread::current(), task });
    }

    /// The reverse of [`add_sleeper`](Self::add_sleeper).
    pub(crate) fn remove_sleeper(&mut self) {
        let this = thread::current().id();
        self.sleepers.retain(|sleeper| sleeper.thread.id() != this);
    }

    fn wake(&self, task: Option<TaskNumber>) {
        let concerned = self.sleepers.iter().filter(|it| it.task.is_none() || it.task == task);
        concerned.for_each(|sleeper| sleeper.thread.unpark());
    }

    /// A thread that leaves lets a sleeper listen, if there is one and no other thread does.
    pub(crate) fn hand_over(&self) {
        if let (false, Some(sleeper)) = (self.has_listener, self.sleepers.first()) {
            sleeper.thread.unpark();
        }
    }
}
