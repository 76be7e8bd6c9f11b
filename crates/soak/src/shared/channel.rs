//! [`Channel`]: what the streams of items go through, each in its many ways.

use std::time::Duration;

use ipc_common::{Connection, Error, JoinableQueue, Nothing, Queue, Result, one_way_pipe};

use crate::shared::item::{Item, Sizes};

/// A short wait: long enough to sleep, short enough to end in vain now and then.
const SHORT: Duration = Duration::from_millis(3);

/// Carries items from any producer to any consumer.
pub(crate) trait Channel {
    /// Puts an item in, and blocks while there is no room.
    fn put(&self, item: Item) -> Result<()>;
    /// Takes an item out, and blocks while there is none; `None` after [`end`](Self::end).
    fn get(&self) -> Result<Option<Item>>;
    /// The same, but fails with [`Error::Empty`] if there is none now.
    fn try_get(&self) -> Result<Option<Item>>;
    /// No more items will come: so many consumers end.
    fn end(&self, consumers: usize) -> Result<()>;
    /// How many items are in it, where that can be told.
    fn len(&self) -> usize {
        0
    }
    /// The consumer has dealt with an item. Whether anything had to be said.
    fn finished(&self) -> Result<bool> {
        Ok(false)
    }
    /// Waits until all items have been dealt with, where that can be told.
    fn join(&self) -> Result<()> {
        Ok(())
    }
}

fn none_at_the_end(got: Result<Item>) -> Result<Option<Item>> {
    match got {
        Err(Error::Closed) => Ok(None),
        got => got.map(Some),
    }
}

/// The methods that the two kinds of queues have in common, under the same names.
macro_rules! queue_methods {
    () => {
        fn put(&self, item: Item) -> Result<()> {
            loop {
                let put = match item.number % 8 {
                    0..4 => Self::put(self, &item),
                    4..6 => Self::put_timeout(self, &item, SHORT),
                    _ => Self::try_put(self, &item).or_else(|e| match e {
                        Error::Full => Self::put(self, &item),
                        e => Err(e),
                    }),
                };
                match put {
                    Err(Error::Full) => {}
                    put => return put,
                }
            }
        }

        fn get(&self) -> Result<Option<Item>> {
            let got = Self::get_timeout(self, SHORT).or_else(|e| match e {
                Error::Empty => Self::get(self),
                e => Err(e),
            });
            none_at_the_end(got)
        }

        fn try_get(&self) -> Result<Option<Item>> {
            none_at_the_end(Self::try_get(self))
        }

        fn len(&self) -> usize {
            Self::len(self)
        }

        fn end(&self, _: usize) -> Result<()> {
            Self::close(self);
            let late = Self::try_put(self, &Item::new(0, 0, Sizes::Small));
            if matches!(late, Err(Error::Closed)) { Ok(()) } else { late }
        }
    };
}

impl Channel for Queue<Item> {
    queue_methods!();
}

impl Channel for JoinableQueue<Item> {
    queue_methods!();

    fn finished(&self) -> Result<bool> {
        self.task_done().map(|()| true)
    }

    fn join(&self) -> Result<()> {
        self.join()
    }
}

/// Both ends of a one-way pipe, which all processes have.
pub(crate) struct Pipe {
    out: Connection<Nothing, Option<Item>>,
    into: Connection<Option<Item>, Nothing>,
}

impl Pipe {
    pub(crate) fn new() -> Result<Self> {
        let (out, into) = one_way_pipe()?;
        Ok(Pipe { out, into })
    }
}

impl Channel for Pipe {
    fn put(&self, item: Item) -> Result<()> {
        self.into.send(&Some(item)) // `None` is the end
    }

    fn get(&self) -> Result<Option<Item>> {
        self.out.recv()
    }

    /// Blocks if another consumer takes the item that was there.
    fn try_get(&self) -> Result<Option<Item>> {
        if self.out.poll(Duration::ZERO)? { self.out.recv() } else { Err(Error::Empty) }
    }

    fn end(&self, consumers: usize) -> Result<()> {
        (0..consumers).try_for_each(|_| self.into.send(&None))
    }
}
