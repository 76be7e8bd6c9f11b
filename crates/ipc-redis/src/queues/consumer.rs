//! A consumer's side of a [`JoinableQueue`].

use std::time::{Duration, Instant};

use ipc_codec::{Message, decode};

use crate::error::{Error, Result};
use crate::queues::item::Item;
use crate::queues::joinable::JoinableQueue;
use crate::server::limits::{MOST_AT_ONCE, count_at_once};
use crate::server::reply::{Entry, entries};
use crate::server::script::LOOK;
use crate::server::wait::{Deadline, Wait};

impl<T: Message> JoinableQueue<T> {
    /// Takes an item; blocks while there is none. It is in this consumer's hands until
    /// [`Item::done`], or until it is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] if it cannot be decoded; it counts as done then, or all others would fail,
    /// too. [`Error::Server`].
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// let dish = queue.get()?;
    /// if dish.deliveries() > 3 {
    ///     println!("three have died of {dish}");
    /// }
    /// dish.done()?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn get(&self) -> Result<Item<'_, T>> {
        self.get_until(1, Deadline::NEVER)?.pop().ok_or(Error::Empty)
    }

    /// Does not wait; Python's `get_nowait()`.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], and as for [`get`](Self::get).
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// match queue.try_get() {
    ///     Err(ipc_redis::Error::Empty) => println!("nothing to eat"),
    ///     dish => dish?.done()?,
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn try_get(&self) -> Result<Item<'_, T>> {
        self.get_timeout(Duration::ZERO)
    }

    /// Waits at most `timeout`; Python's `get(timeout=…)`.
    ///
    /// # Errors
    ///
    /// As for [`try_get`](Self::try_get).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// match queue.get_timeout(Duration::from_secs(1)) {
    ///     Err(ipc_redis::Error::Empty) => println!("nothing to eat for a second"),
    ///     dish => dish?.done()?,
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<Item<'_, T>> {
        self.get_until(1, Deadline::after(timeout))?.pop().ok_or(Error::Empty)
    }

    /// Takes up to `most` items in one round trip; blocks while there is none. (500 at most, and fewer
    /// if items are large.)
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get); the items that could be decoded are handed back.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// for dish in queue.get_many(100)? {
    ///     println!("ate {dish}");
    ///     dish.done()?;
    /// }
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn get_many(&self, most: usize) -> Result<Vec<Item<'_, T>>> {
        self.get_until(most, Deadline::NEVER)
    }

    /// Says that many items have been dealt with, in one round trip for up to 500 of them.
    ///
    /// # Errors
    ///
    /// As for [`Item::done`]; [`Error::NotYours`] says how many were given to others, and the rest are
    /// done.
    ///
    /// ```no_run
    /// # let queue = ipc_redis::JoinableQueue::<String>::connect("redis://localhost", "dishes")?;
    /// let dishes = queue.get_many(100)?;
    /// println!("ate {} dishes", dishes.len());
    /// queue.done_many(dishes)?;
    /// # Ok::<(), ipc_redis::Error>(())
    /// ```
    pub fn done_many(&self, items: Vec<Item<'_, T>>) -> Result<()> {
        let (mut ours, copies): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item.is_of_this_process());
        let (mut lost, mut result) = (copies.len(), Ok(()));
        for some in ours.chunks_mut(MOST_AT_ONCE) {
            let ids: Vec<&str> = some.iter().map(|item| &*item.id).collect();
            match self.finish(&ids, None) {
                Err(Error::NotYours { items }) => lost += items,
                told => result = result.and(told),
            }
            some.iter_mut().for_each(|item| item.is_over = true);
        }
        result.and(if lost == 0 { Ok(()) } else { Err(Error::NotYours { items: lost }) })
    }

    fn get_until(&self, most: usize, deadline: Deadline) -> Result<Vec<Item<'_, T>>> {
        let taken = self.take(most, deadline)?;
        let mut items = Vec::with_capacity(taken.len());
        let mut failed = Ok(());
        for mut entry in taken {
            let deliveries = entry.number("deliveries", 1) as u32;
            let bytes = entry.take("item").unwrap_or_default();
            match decode(&bytes) {
                Ok(value) => items.push(Item::new(self, entry.id, deliveries, value)),
                Err(e) => {
                    self.finish(&[&entry.id], None)?;
                    failed = Err(Error::Local(e));
                }
            }
        }
        failed.map(|()| items)
    }

    /// Entries that are in hand from now on: at least one, or none when the time is up.
    fn take(&self, most: usize, deadline: Deadline) -> Result<Vec<Entry>> {
        self.link.be_present();
        loop {
            let mut missed = 0;
            while self.watch.is_due() {
                missed = self.look()?;
            }
            let (mut entries, is_over) = match missed {
                0 => {
                    let wait = self.watch.wait(deadline, self.link.longest_block());
                    let count = count_at_once(self.largest.get()).min(most.max(1));
                    (self.read(">", count, wait.as_ref())?, wait.is_none())
                }
                // From the first one in hand on: those that are known are among them.
                _ => (self.read("0", self.link.held() + missed, None)?, false),
            };
            entries.retain(|entry| self.link.hold(&entry.id));
            if !entries.is_empty() || is_over {
                return Ok(entries);
            }
            self.watch.is_urgent.set(true);
        }
    }

    fn read(&self, from: &str, count: usize, wait: Option<&Wait>) -> Result<Vec<Entry>> {
        let reply = self.with_group("get", |session| {
            let mut command = redis::cmd("XREADGROUP");
            command.arg("GROUP").arg("consumers").arg(session.name).arg("COUNT").arg(count);
            if let Some(wait) = wait {
                command.arg("BLOCK").arg(wait.block.as_millis() as u64);
            }
            command.arg("STREAMS").arg(&self.keys.items).arg(from);
            let reply = match wait {
                Some(wait) => session.wait(&command, wait.patience)?,
                None => Some(session.query(&command)?),
            };
            reply.map(entries).transpose()
        })?;
        self.watch.waited(reply.is_none());
        Ok(reply.unwrap_or_default())
    }

    /// Puts back what dead consumers had in hand. The first time, their names are swept up, too.
    /// Returns how many items are in this consumer's hands that it does not know of.
    fn look(&self) -> Result<usize> {
        let began = Instant::now();
        let sweep = if self.watch.is_first() { "sweep" } else { "" };
        let keys = [&*self.keys.items, &self.keys.state];
        let found: [usize; 5] = self.with_group("look for dead consumers", |session| {
            let name = session.name.to_owned();
            let found = session.script(&LOOK, &keys, |command| {
                command.arg(name).arg(&self.link.base).arg(sweep);
            })?;
            Ok(redis::from_redis_value(found)?)
        })?;
        let [back, busy, consumers, largest, own] = found;
        self.largest.set(largest);
        self.watch.looked(began, busy > 0, consumers);
        if back >= 100 {
            self.watch.is_urgent.set(true); // as many as one look puts back
        }
        Ok(own.saturating_sub(self.link.held()))
    }
}
