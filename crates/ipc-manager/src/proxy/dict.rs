//! [`DictProxy`]: a dict on a manager's server.

use std::fmt;
use std::marker::PhantomData;

use crate::blob::Blob;
use crate::protocol::Operation;
use crate::proxy::object::ObjectProxy;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_queue::Message;

/// A map that lives in a `Manager`; Python's `manager.dict()`.
///
/// It keeps the order in which keys were first put in. Two keys are the same if they are serialised
/// alike: `1` and `1.0` are not, where Python takes them for equal.
///
/// ```
/// let manager = ipc_common::Manager::new()?;
/// let ages = manager.dict()?;
/// ages.insert(&"Ann".to_string(), &40)?;
/// assert_eq!(ages.get(&"Ann".to_string())?, Some(40));
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// All methods block until the server has replied.
///
/// # Errors
///
/// All methods: [`Error::ManagerGone`] if the server has ended;
/// [`Error::Refused`] if it is short of descriptors or memory, and then nothing has changed;
/// [`Error::Encode`] if a key or value cannot be serialised, [`Error::Decode`] if one is not of the
/// type it is asked for as; [`Error::System`] if memory or descriptors run out.
pub struct DictProxy<'m, K, V> {
    pub(super) object: ObjectProxy<'m>,
    types: PhantomData<fn(K, V)>,
}

impl<'m, K: Message, V: Message> DictProxy<'m, K, V> {
    pub(crate) fn of(object: ObjectProxy<'m>) -> Self {
        DictProxy { object, types: PhantomData }
    }

    /// The value of a key; Python's `d.get(key)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let squares = manager.dict()?;
    /// squares.insert(&7, &49)?;
    /// assert_eq!(squares.get(&7)?, Some(49));
    /// assert_eq!(squares.get(&8)?, None);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn get(&self, key: &K) -> Result<Option<V>> {
        self.object.item(Operation::Get(Blob::of(key)?))
    }

    /// Sets a key's value, and returns the one before; Python's `d[key] = value`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// assert_eq!(ages.insert(&'a', &40)?, None);
    /// assert_eq!(ages.insert(&'a', &41)?, Some(40));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn insert(&self, key: &K, value: &V) -> Result<Option<V>> {
        self.object.item(Operation::Set(Blob::of(key)?, Blob::of(value)?))
    }

    /// Takes a key out, and returns its value; Python's `d.pop(key)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.insert(&'a', &40)?;
    /// assert_eq!(ages.remove(&'a')?, Some(40));
    /// assert_eq!(ages.remove(&'a')?, None);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    #[doc(alias = "pop")]
    pub fn remove(&self, key: &K) -> Result<Option<V>> {
        self.object.item(Operation::Delete(Blob::of(key)?))
    }

    /// Whether it has a key; Python's `key in d`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.insert(&'a', &40)?;
    /// assert!(ages.contains_key(&'a')? && !ages.contains_key(&'b')?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn contains_key(&self, key: &K) -> Result<bool> {
        Ok(!self.object.call(Operation::Get(Blob::of(key)?))?.items().is_empty())
    }

    /// The number of keys; Python's `len(d)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.insert(&'a', &40)?;
    /// assert_eq!(ages.len()?, 1);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn len(&self) -> Result<usize> {
        self.object.len()
    }

    /// Whether it has no keys; Python's `not d`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// assert!(manager.dict::<char, u32>()?.is_empty()?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Takes everything out; Python's `d.clear()`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.insert(&'a', &40)?;
    /// ages.clear()?;
    /// assert!(ages.is_empty()?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn clear(&self) -> Result<()> {
        self.object.call(Operation::Clear).map(drop)
    }

    /// All keys and values, as they are at one moment; Python's `d.items()`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.insert(&'b', &41)?;
    /// ages.insert(&'a', &40)?;
    /// assert_eq!(ages.items()?, [('b', 41), ('a', 40)]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn items(&self) -> Result<Vec<(K, V)>> {
        let all = self.object.call(Operation::All)?.items();
        all.chunks_exact(2).map(|pair| Ok((pair[0].decode()?, pair[1].decode()?))).collect()
    }

    /// All keys; Python's `d.keys()`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.insert(&'b', &41)?;
    /// ages.insert(&'a', &40)?;
    /// assert_eq!(ages.keys()?, ['b', 'a']);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn keys(&self) -> Result<Vec<K>> {
        let all = self.object.call(Operation::All)?.items();
        all.chunks_exact(2).map(|pair| pair[0].decode()).collect()
    }

    /// All values; Python's `d.values()`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.insert(&'b', &41)?;
    /// ages.insert(&'a', &40)?;
    /// assert_eq!(ages.values()?, [41, 40]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn values(&self) -> Result<Vec<V>> {
        let all = self.object.call(Operation::All)?.items();
        all.chunks_exact(2).map(|pair| pair[1].decode()).collect()
    }
}

impl<K, V> fmt::Debug for DictProxy<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DictProxy").field("number", &self.object.number()).finish_non_exhaustive()
    }
}
