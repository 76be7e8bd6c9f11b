//! [`ListProxy`]: a list on a manager's server.

use std::fmt;
use std::marker::PhantomData;

use crate::manager::{Proxy, to_bytes};
use crate::server::Operation;
use ipc_error::{Error, Result};
use ipc_process::{Message, internal::decode};

/// A list that lives in a [`Manager`](crate::Manager); Python's `manager.list()`.
///
/// # Errors
///
/// All methods: [`Error::ManagerGone`] if the server has ended;
/// [`Error::Refused`] if it is short of descriptors or memory; [`Error::OutOfRange`] for a place
/// that the list does not have; [`Error::Encode`] if an item cannot be serialised,
/// [`Error::Decode`] if one is not of the type it is asked for as; [`Error::System`] if memory or
/// descriptors run out.
pub struct ListProxy<'m, T> {
    proxy: Proxy<'m>,
    items: PhantomData<fn(T) -> T>,
}

impl<'m, T: Message> ListProxy<'m, T> {
    pub fn of(proxy: Proxy<'m>) -> Self {
        ListProxy { proxy, items: PhantomData }
    }

    /// The item at `index`, if there is one; Python's `l[index]`.
    pub fn get(&self, index: usize) -> Result<Option<T>> {
        self.proxy.item(Operation::GetAt(index))
    }

    /// Puts another item at `index`; Python's `l[index] = item`.
    pub fn set(&self, index: usize, item: &T) -> Result<()> {
        self.proxy.call(Operation::SetAt(index, to_bytes(item)?)).map(drop)
    }

    /// Puts an item before the one at `index`; Python's `l.insert(index, item)`.
    pub fn insert(&self, index: usize, item: &T) -> Result<()> {
        self.proxy.call(Operation::InsertAt(index, to_bytes(item)?)).map(drop)
    }

    /// Takes out the item at `index`; Python's `l.pop(index)`.
    pub fn remove(&self, index: usize) -> Result<T> {
        let item = self.proxy.item(Operation::DeleteAt(index))?;
        item.ok_or(Error::OutOfRange { index, len: 0 })
    }

    /// Puts an item at the end; Python's `l.append(item)`.
    #[doc(alias = "append")]
    pub fn push(&self, item: &T) -> Result<()> {
        self.proxy.call(Operation::Extend(vec![to_bytes(item)?])).map(drop)
    }

    /// Puts all items at the end, as one step; Python's `l.extend(items)`.
    pub fn extend(&self, items: impl IntoIterator<Item = T>) -> Result<()> {
        let items = items.into_iter().map(|item| to_bytes(&item)).collect::<Result<_>>()?;
        self.proxy.call(Operation::Extend(items)).map(drop)
    }

    /// Takes out the last item, if there is one; Python's `l.pop()`.
    pub fn pop(&self) -> Result<Option<T>> {
        self.proxy.item(Operation::Pop)
    }

    /// Turns the order round; Python's `l.reverse()`.
    pub fn reverse(&self) -> Result<()> {
        self.proxy.call(Operation::Reverse).map(drop)
    }

    /// The number of items; Python's `len(l)`.
    pub fn len(&self) -> Result<usize> {
        self.proxy.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Takes everything out; Python's `l.clear()`.
    pub fn clear(&self) -> Result<()> {
        self.proxy.call(Operation::Clear).map(drop)
    }

    /// All items, as they are at one moment; Python's `l[:]`.
    pub fn to_vec(&self) -> Result<Vec<T>> {
        self.proxy.call(Operation::All)?.items().iter().map(|item| decode(item)).collect()
    }
}

impl<T> fmt::Debug for ListProxy<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListProxy").field("number", &self.proxy.number).finish_non_exhaustive()
    }
}
