//! [`Items`]: what comes out of a queue or a pipe, one after another.

use std::iter::FusedIterator;

use ipc_codec::Message;
use ipc_error::{Error, Result};
use serde::de::DeserializeOwned;

use crate::pipe::connection::Connection;
use crate::queues::joinable::JoinableQueue;
use crate::queues::queue::Queue;

/// The items of a [`Queue`] or [`JoinableQueue`], or the messages of a [`Connection`], as they come:
/// what `for item in &queue` goes through.
///
/// It ends when the queue is closed and empty, or the other end of the pipe is closed everywhere. Other
/// errors are items, and the next one may be good.
///
/// ```
/// let queue = ipc_common::Queue::new()?;
/// (1..=3).try_for_each(|n| queue.put(&n))?;
/// queue.close();
/// let sum: i32 = queue.into_iter().sum::<ipc_common::Result<_>>()?;
/// assert_eq!(sum, 6);
/// # Ok::<(), ipc_common::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "an iterator takes nothing until it is asked"]
pub struct Items<'q, Q>(pub(crate) &'q Q);

/// Each item as [`get`](Queue::get) returns it, until the queue is closed and empty.
impl<'q, T: Message> IntoIterator for &'q Queue<T> {
    type Item = Result<T>;
    type IntoIter = Items<'q, Queue<T>>;

    fn into_iter(self) -> Self::IntoIter {
        Items(self)
    }
}

impl<T: Message> Iterator for Items<'_, Queue<T>> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        unless_end(self.0.get())
    }
}

/// Each item as [`get`](JoinableQueue::get) returns it, until the queue is closed and empty.
impl<'q, T: Message> IntoIterator for &'q JoinableQueue<T> {
    type Item = Result<T>;
    type IntoIter = Items<'q, JoinableQueue<T>>;

    fn into_iter(self) -> Self::IntoIter {
        Items(self)
    }
}

impl<T: Message> Iterator for Items<'_, JoinableQueue<T>> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        unless_end(self.0.get())
    }
}

/// Each message as [`recv`](Connection::recv) returns it, until the other end is closed everywhere.
impl<'c, S, R: DeserializeOwned> IntoIterator for &'c Connection<S, R> {
    type Item = Result<R>;
    type IntoIter = Items<'c, Connection<S, R>>;

    fn into_iter(self) -> Self::IntoIter {
        Items(self)
    }
}

impl<S, R: DeserializeOwned> Iterator for Items<'_, Connection<S, R>> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        unless_end(self.0.recv())
    }
}

impl<Q> FusedIterator for Items<'_, Q> where Self: Iterator {}

fn unless_end<T>(item: Result<T>) -> Option<Result<T>> {
    match item {
        Err(Error::Closed | Error::Hangup) => None,
        item => Some(item),
    }
}
