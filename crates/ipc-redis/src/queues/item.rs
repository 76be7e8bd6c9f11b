//! [`Item`]: what was taken out of a queue and is in hand.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::process;

use ipc_codec::Message;

use crate::error::{Error, Result};
use crate::queues::joinable::JoinableQueue;
use crate::server::link::Link;

/// An item in hand, of a [`JoinableQueue`]. It says by [`done`](Item::done) that it has been dealt
/// with; dropped without, by `?` too, it goes back to the end of the queue at once, and another
/// consumer gets it. What it holds is used through it: `item.len()`, `println!("{item}")`.
#[must_use = "dropping an item hands it back: `item.done()?` when it has been dealt with"]
pub struct Item<'q, T: Message> {
    queue: &'q JoinableQueue<T>,
    pub(crate) id: String,
    deliveries: u32,
    process: u32,
    pub(crate) is_over: bool,
    value: T,
}

impl<'q, T: Message> Item<'q, T> {
    pub(crate) fn new(queue: &'q JoinableQueue<T>, id: String, deliveries: u32, value: T) -> Self {
        Item { queue, id, deliveries, process: process::id(), is_over: false, value }
    }

    /// Says that it has been dealt with: it is acknowledged and removed, and who waits for room or for
    /// the end is woken, in one atomic step; Python's `task_done()`.
    ///
    /// # Errors
    ///
    /// [`Error::NotYours`] if it was given to another consumer meanwhile, or if this process has only
    /// a copy of it by a fork. [`Error::Server`] if the server cannot be reached: it may be finished.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// let dish = queue.get()?;
    /// println!("ate {dish}");
    /// match dish.done() {
    ///     Err(ipc_redis::Error::NotYours { .. }) => println!("another eats it, too"),
    ///     done => done?,
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn done(mut self) -> Result<()> {
        if !self.is_of_this_process() {
            return Err(Error::NotYours { items: 1 });
        }
        self.is_over = true;
        self.queue.finish(&[&self.id], None)
    }

    /// Renews the lease, if the queue was given one, and says whether the item is still in hand. A
    /// long task calls it now and then, to know early.
    ///
    /// # Errors
    ///
    /// As for [`done`](Item::done); then it is over.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// let queue = queue.lease(Duration::from_secs(60));
    /// let mut dish = queue.get()?;
    /// for _bite in 0..100 {
    ///     // … some seconds …
    ///     dish.renew()?; // an error if another has been given the dish
    /// }
    /// dish.done()?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn renew(&mut self) -> Result<()> {
        if !self.is_of_this_process() || !self.queue.is_pending(&self.id)? {
            self.is_over = true;
            self.queue.link.let_go(&self.id);
            return Err(Error::NotYours { items: 1 });
        }
        Ok(())
    }

    /// How often it was given to a consumer, this time included. More than once: others died with it
    /// or handed it back, perhaps because of it.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// let dish = queue.get()?;
    /// if dish.deliveries() > 3 {
    ///     println!("three have died of {dish}");
    ///     dish.done()?; // it is given to no other
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn deliveries(&self) -> u32 {
        self.deliveries
    }

    pub(crate) fn is_of_this_process(&self) -> bool {
        Link::is_of(self.process)
    }
}

impl<T: Message> Drop for Item<'_, T> {
    fn drop(&mut self) {
        if !self.is_over && self.is_of_this_process() {
            // If the server cannot be reached, the item comes back when it sees the connection gone.
            let _ = self.queue.link.without_patience(|| self.queue.hand_back(&self.id));
        }
    }
}

impl<T: Message> Deref for Item<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Message> DerefMut for Item<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Message + fmt::Display> fmt::Display for Item<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}

impl<T: Message + fmt::Debug> fmt::Debug for Item<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut item = f.debug_struct("Item");
        item.field("value", &self.value).field("deliveries", &self.deliveries).finish()
    }
}
