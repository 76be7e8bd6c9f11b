//! Changes of several things in one step, and of what is there already.

use std::ops::{Bound, RangeBounds};

use ipc_error::{Error, Result};
use ipc_queue::Message;

use crate::blob::{Blob, Blobs};
use crate::protocol::Operation;
use crate::proxy::dict::DictProxy;
use crate::proxy::list::ListProxy;
use crate::proxy::namespace::Namespace;

impl<K: Message, V: Message> DictProxy<'_, K, V> {
    /// Sets all of these keys, as one step; Python's `d.update(items)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.extend([('a', 40), ('b', 41)])?;
    /// ages.extend([('b', 50), ('c', 42)])?;
    /// assert_eq!(ages.items()?, [('a', 40), ('b', 50), ('c', 42)]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    #[doc(alias = "update")]
    pub fn extend(&self, items: impl IntoIterator<Item = (K, V)>) -> Result<()> {
        let pairs = items.into_iter().flat_map(|(key, value)| [Blob::of(&key), Blob::of(&value)]);
        let pairs = Blobs(pairs.collect::<Result<_>>()?);
        self.object.call(Operation::Extend(pairs)).map(drop)
    }

    /// The value of a key, which is set to `default` if it has none; Python's `d.setdefault(key,
    /// default)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// assert_eq!(ages.get_or_insert(&'a', &40)?, 40);
    /// assert_eq!(ages.get_or_insert(&'a', &99)?, 40);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    #[doc(alias = "setdefault")]
    pub fn get_or_insert(&self, key: &K, default: &V) -> Result<V> {
        let default = Blob::of(default)?;
        let value = default.decode();
        let stored = self.object.item(Operation::SetNew(Blob::of(key)?, default))?;
        stored.map_or(value, Ok)
    }

    /// Takes out the key that was put in last, with its value; Python's `d.popitem()`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict()?;
    /// ages.extend([('a', 40), ('b', 41)])?;
    /// assert_eq!(ages.pop_last()?, Some(('b', 41)));
    /// assert_eq!(ages.pop_last()?, Some(('a', 40)));
    /// assert_eq!(ages.pop_last()?, None);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    #[doc(alias = "popitem")]
    pub fn pop_last(&self) -> Result<Option<(K, V)>> {
        let pair = self.object.call(Operation::PopPair)?.items();
        let [key, value] = &pair[..] else { return Ok(None) };
        Ok(Some((key.decode()?, value.decode()?)))
    }

    /// Changes the value of a key as one step, where Python's `d[key] += 1` loses changes that others
    /// make in between. Returns what is there then.
    ///
    /// `change` is given the value, if there is one, and returns the next; `None` takes the key out. It
    /// is called again if another client has changed the value meanwhile.
    ///
    /// ```
    /// use ipc_common::{Manager, Process};
    ///
    /// let manager = Manager::new()?;
    /// let words = manager.dict()?;
    /// let count = |word: &str| words.modify(&word.to_string(), |n| Some(n.unwrap_or(0) + 1));
    /// let child = Process::new(|| count("twice").map(drop)).start()?;
    /// count("twice")?;
    /// assert_eq!(child.join()?, 0);
    /// assert_eq!(words.get(&"twice".to_string())?, Some(2));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn modify(
        &self,
        key: &K,
        mut change: impl FnMut(Option<V>) -> Option<V>,
    ) -> Result<Option<V>> {
        let exchange = |before, after| Ok(Operation::Change(Blob::of(key)?, before, after));
        self.object.modify(Operation::Get(Blob::of(key)?), |value| Ok(change(value)), exchange)
    }
}

impl<T: Message> ListProxy<'_, T> {
    /// The items at these places, of which there may be fewer, as they are at one moment; Python's
    /// `l[1:3]`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list(['a', 'b', 'c', 'd'])?;
    /// assert_eq!(list.slice(1..3)?, ['b', 'c']);
    /// assert_eq!(list.slice(2..)?, ['c', 'd']);
    /// assert_eq!(list.slice(3..9)?, ['d']);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn slice(&self, places: impl RangeBounds<usize>) -> Result<Vec<T>> {
        let from = match places.start_bound() {
            Bound::Included(&from) => from,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let to = match places.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&to) => to,
            Bound::Unbounded => usize::MAX,
        };
        self.object.call(Operation::Slice(from, to))?.items().iter().map(Blob::decode).collect()
    }

    /// Changes the item at `index` as one step, where Python's `l[index] += 1` loses changes that others
    /// make in between. Returns what is there then.
    ///
    /// `change` is called again if another client has changed the item meanwhile, or moved it.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let list = manager.list([1, 2, 3])?;
    /// assert_eq!(list.modify(1, |n| n * 10)?, 20);
    /// assert_eq!(list.to_vec()?, [1, 20, 3]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn modify(&self, index: usize, mut change: impl FnMut(T) -> T) -> Result<T> {
        let gone = || Error::OutOfRange { index, len: index };
        let change = |item: Option<T>| Ok(Some(change(item.ok_or_else(gone)?)));
        let exchange = |before: Option<Blob>, after: Option<Blob>| {
            let (before, after) = before.zip(after).ok_or_else(gone)?;
            Ok(Operation::ChangeAt(index, before, after))
        };
        self.object.modify(Operation::GetAt(index), change, exchange)?.ok_or_else(gone)
    }
}

impl Namespace<'_> {
    /// All names, in the order in which they were first set; Python's `vars(namespace)`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let config = manager.namespace()?;
    /// config.set("retries", &3)?;
    /// config.set("host", &"localhost".to_string())?;
    /// assert_eq!(config.names()?, ["retries", "host"]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn names(&self) -> Result<Vec<String>> {
        let all = self.0.call(Operation::All)?.items();
        all.chunks_exact(2).map(|pair| pair[0].decode()).collect()
    }

    /// Changes the value of a name as one step, where Python's `namespace.name += 1` loses changes that
    /// others make in between; see [`DictProxy::modify`].
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// let stats = manager.namespace()?;
    /// stats.modify("requests", |n: Option<u64>| Some(n.unwrap_or(0) + 1))?;
    /// assert_eq!(stats.get::<u64>("requests")?, Some(1));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn modify<T: Message>(
        &self,
        name: &str,
        mut change: impl FnMut(Option<T>) -> Option<T>,
    ) -> Result<Option<T>> {
        let exchange = |before, after| Ok(Operation::Change(Blob::of(name)?, before, after));
        self.0.modify(Operation::Get(Blob::of(name)?), |value| Ok(change(value)), exchange)
    }
}
