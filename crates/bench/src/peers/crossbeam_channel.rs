//! crossbeam's channels, for threads.

use crossbeam::channel::{Receiver, Sender, bounded, unbounded};

use crate::outcome::Outcome;
use crate::peers::channel::Channel;

/// The bound where nothing else is asked for.
pub(crate) const BOUND: usize = 1024;

/// A channel with both its ends.
#[derive(Debug)]
pub struct Crossbeam<T> {
    sender: Sender<T>,
    receiver: Receiver<T>,
}

impl<T> Crossbeam<T> {
    /// With room for `most` items.
    pub fn bounded(most: usize) -> Self {
        let (sender, receiver) = bounded(most);
        Crossbeam { sender, receiver }
    }

    /// With room for any number of items.
    pub fn unbounded() -> Self {
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
