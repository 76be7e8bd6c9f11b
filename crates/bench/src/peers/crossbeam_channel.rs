//! crossbeam's channels, for threads.

use crossbeam::channel::{Receiver, Sender, bounded, unbounded};

use crate::Outcome;
use crate::channel::Channel;

pub(crate) struct Crossbeam<T> {
    sender: Sender<T>,
    receiver: Receiver<T>,
}

impl<T> Crossbeam<T> {
    pub(crate) fn bounded(most: usize) -> Self {
        let (sender, receiver) = bounded(most);
        Crossbeam { sender, receiver }
    }

    pub(crate) fn unbounded() -> Self {
        let (sender, receiver) = unbounded();
        Crossbeam { sender, receiver }
    }
}

impl<T: Clone> Channel<T> for Crossbeam<T> {
    fn put(&self, item: &T) -> Outcome<()> {
        self.sender.send(item.clone()).map_err(|_| "the receiver is gone.".into())
    }

    fn get(&self) -> Outcome<T> {
        Ok(self.receiver.recv()?)
    }
}
