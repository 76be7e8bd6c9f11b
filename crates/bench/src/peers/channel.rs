//! [`Channel`]: a way for items, the same for all peers.

use ipc_common::{Connection, JoinableQueue, Queue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::outcome::Outcome;

/// A way for items. What a peer's `put` does to the item is what its interface asks for: one that
/// takes ownership gets a clone.
pub trait Channel<T> {
    /// Sends an item.
    ///
    /// # Errors
    ///
    /// The peer's own.
    fn put(&self, item: &T) -> Outcome<()>;

    /// Waits for an item.
    ///
    /// # Errors
    ///
    /// The peer's own.
    fn get(&self) -> Outcome<T>;
}

impl<T: Serialize + DeserializeOwned> Channel<T> for Queue<T> {
    fn put(&self, item: &T) -> Outcome<()> {
        Ok(Queue::put(self, item)?)
    }

    fn get(&self) -> Outcome<T> {
        Ok(Queue::get(self)?)
    }
}

/// An item that was got is done.
impl<T: Serialize + DeserializeOwned> Channel<T> for JoinableQueue<T> {
    fn put(&self, item: &T) -> Outcome<()> {
        Ok(JoinableQueue::put(self, item)?)
    }

    fn get(&self) -> Outcome<T> {
        let item = JoinableQueue::get(self)?;
        self.task_done()?;
        Ok(item)
    }
}

/// What was put comes out at the other end.
impl<T: Serialize + DeserializeOwned> Channel<T> for Connection<T> {
    fn put(&self, item: &T) -> Outcome<()> {
        Ok(self.send(item)?)
    }

    fn get(&self) -> Outcome<T> {
        Ok(self.recv()?)
    }
}

/// One end of two channels: what is put goes into one, what is got comes out of the other.
pub(crate) struct End<'a, C> {
    pub(crate) there: &'a C,
    pub(crate) back: &'a C,
}

impl<T, C: Channel<T>> Channel<T> for End<'_, C> {
    fn put(&self, item: &T) -> Outcome<()> {
        self.there.put(item)
    }

    fn get(&self) -> Outcome<T> {
        self.back.get()
    }
}
