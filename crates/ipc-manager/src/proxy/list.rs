//! [`ListProxy`]: a list on a manager's server.

use std::fmt;
use std::marker::PhantomData;

use crate::blob::{Blob, Blobs};
use crate::protocol::Operation;
use crate::proxy::object::ObjectProxy;
use ipc_error::{Error, Result};
use ipc_queue::Message;

/// A list that lives in a `Manager`; Python's `manager.list()`.
///
/// ```
/// let manager = ipc_common::Manager::new()?;
/// let names = manager.list(["Ann".to_string()])?;
/// names.push(&"Bob".to_string())?;
/// assert_eq!(names.to_vec()?, ["Ann", "Bob"]);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// All methods block until the server has replied.
///
/// # Errors
///
/// All methods: [`Error::ManagerGone`] if the server has ended;
/// [`Error::Refused`] if it is short of descriptors or memory, and then nothing has changed;
/// [`Error::OutOfRange`] for a place that the list does not have; [`Error::Encode`] if an item cannot
/// be serialised, [`Error::Decode`] if one is not of the type it is asked for as; [`Error::System`]
/// if memory or descriptors run out.
pub struct ListProxy<'m, T> {
    pub(super) object: ObjectProxy<'m>,
    items: PhantomData<fn(T) -> T>,
}

impl<'m, T: Message> ListProxy<'m, T> {
    pub(crate) fn of(object: ObjectProxy<'m>) -> Self {
        ListProxy { object, items: PhantomData }
    }

    /// The item at `index`, if there is one; Python's `l[index]`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list(['a', 'b'])?;
    /// assert_eq!(list.get(1)?, Some('b'));
    /// assert_eq!(list.get(2)?, None);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn get(&self, index: usize) -> Result<Option<T>> {
        self.object.item(Operation::GetAt(index))
    }

    /// Puts another item at `index`; Python's `l[index] = item`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list(['a', 'b'])?;
    /// list.set(0, &'x')?;
    /// assert_eq!(list.to_vec()?, ['x', 'b']);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn set(&self, index: usize, item: &T) -> Result<()> {
        self.object.call(Operation::SetAt(index, Blob::of(item)?)).map(drop)
    }

    /// Puts an item before the one at `index`; Python's `l.insert(index, item)`.
    ///
    /// ```
    /// use ipc_common::Error;
    ///
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list(['a', 'b'])?;
    /// list.insert(1, &'x')?;
    /// assert_eq!(list.to_vec()?, ['a', 'x', 'b']);
    /// assert!(matches!(list.insert(9, &'y'), Err(Error::OutOfRange { index: 9, len: 3 })));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn insert(&self, index: usize, item: &T) -> Result<()> {
        self.object.call(Operation::InsertAt(index, Blob::of(item)?)).map(drop)
    }

    /// Takes out the item at `index`; Python's `l.pop(index)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list(['a', 'b'])?;
    /// assert_eq!(list.remove(0)?, 'a');
    /// assert_eq!(list.to_vec()?, ['b']);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn remove(&self, index: usize) -> Result<T> {
        let item = self.object.item(Operation::DeleteAt(index))?;
        item.ok_or(Error::OutOfRange { index, len: 0 })
    }

    /// Puts an item at the end; Python's `l.append(item)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list(['a'])?;
    /// list.push(&'b')?;
    /// assert_eq!(list.to_vec()?, ['a', 'b']);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    #[doc(alias = "append")]
    pub fn push(&self, item: &T) -> Result<()> {
        self.object.call(Operation::Extend(Blobs(vec![Blob::of(item)?]))).map(drop)
    }

    /// Puts all items at the end, as one step; Python's `l.extend(items)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list([1])?;
    /// list.extend(2..=4)?;
    /// assert_eq!(list.to_vec()?, [1, 2, 3, 4]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn extend(&self, items: impl IntoIterator<Item = T>) -> Result<()> {
        let items = items.into_iter().map(|item| Blob::of(&item)).collect::<Result<_>>()?;
        self.object.call(Operation::Extend(Blobs(items))).map(drop)
    }

    /// Takes out the last item, if there is one; Python's `l.pop()`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list(['a'])?;
    /// assert_eq!(list.pop()?, Some('a'));
    /// assert_eq!(list.pop()?, None);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn pop(&self) -> Result<Option<T>> {
        self.object.item(Operation::Pop)
    }

    /// Turns the order round; Python's `l.reverse()`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list([1, 2, 3])?;
    /// list.reverse()?;
    /// assert_eq!(list.to_vec()?, [3, 2, 1]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn reverse(&self) -> Result<()> {
        self.object.call(Operation::Reverse).map(drop)
    }

    /// The number of items; Python's `len(l)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// assert_eq!(manager.list(['a', 'b'])?.len()?, 2);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn len(&self) -> Result<usize> {
        self.object.len()
    }

    /// Whether it has no items; Python's `not l`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// assert!(!manager.list(['a', 'b'])?.is_empty()?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Takes everything out; Python's `l.clear()`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list(['a', 'b'])?;
    /// list.clear()?;
    /// assert!(list.is_empty()?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn clear(&self) -> Result<()> {
        self.object.call(Operation::Clear).map(drop)
    }

    /// All items, as they are at one moment; Python's `l[:]`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// assert_eq!(manager.list(['a', 'b'])?.to_vec()?, ['a', 'b']);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn to_vec(&self) -> Result<Vec<T>> {
        self.object.call(Operation::All)?.items().iter().map(Blob::decode).collect()
    }
}

impl<T> fmt::Debug for ListProxy<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListProxy").field("number", &self.object.number()).finish_non_exhaustive()
    }
}
