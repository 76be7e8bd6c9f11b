//! [`ObjectProxy`]: what all proxies have in common.

use crate::blob::Blob;
use crate::client::Client;
use crate::protocol::{Operation, Reply, Request};
use ipc_error::{Error, Result};
use ipc_queue::Message;

/// An object on the server.
pub(crate) struct ObjectProxy<'m> {
    client: &'m Client,
    number: usize,
}

impl<'m> ObjectProxy<'m> {
    /// Has the server make an object.
    pub(crate) fn new(client: &'m Client, request: &Request) -> Result<Self> {
        Ok(ObjectProxy { client, number: client.call(request)?.number() })
    }

    /// The object's number on the server.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn call(&self, operation: Operation) -> Result<Reply> {
        match self.client.call(&Request::Do(self.number, operation))? {
            Reply::OutOfRange { index, len } => Err(Error::OutOfRange { index, len }),
            reply => Ok(reply),
        }
    }

    pub(crate) fn len(&self) -> Result<usize> {
        Ok(self.call(Operation::Len)?.number())
    }

    /// The item that was asked for, or was there before.
    pub(crate) fn item<T: Message>(&self, operation: Operation) -> Result<Option<T>> {
        self.call(operation)?.items().first().map(|item| item.decode()).transpose()
    }

    /// Changes a value to what `change` makes of it, again and again until no other client has changed
    /// it in between. Returns what there is then.
    pub(crate) fn modify<T: Message>(
        &self,
        look: Operation,
        mut change: impl FnMut(Option<T>) -> Result<Option<T>>,
        exchange: impl Fn(Option<Blob>, Option<Blob>) -> Result<Operation>,
    ) -> Result<Option<T>> {
        let mut before = self.call(look)?.items().pop();
        loop {
            // The bytes as they came are compared: encoded once more they may be others.
            let now = change(before.as_ref().map(Blob::decode).transpose()?)?;
            let after = now.as_ref().map(|value| Blob::of(value)).transpose()?;
            match self.call(exchange(before, after)?)? {
                Reply::Number(_) => return Ok(now),
                reply => before = reply.items().pop(),
            }
        }
    }
}
