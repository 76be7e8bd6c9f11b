//! [`DictProxy`]: a dict on a manager's server.

use std::fmt;
use std::marker::PhantomData;

use crate::manager::{Proxy, to_bytes};
use crate::server::Operation;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_process::{Message, internal::decode};

/// A map that lives in a [`Manager`](crate::Manager); Python's `manager.dict()`.
///
/// It keeps the order in which keys were first put in. Two keys are the same if they are serialised
/// alike: `1` and `1.0` are not, where Python takes them for equal.
///
/// # Errors
///
/// All methods: [`Error::ManagerGone`] if the server has ended;
/// [`Error::Refused`] if it is short of descriptors or memory; [`Error::Encode`] if a key or value
/// cannot be serialised, [`Error::Decode`] if one is not of the type it is asked for as;
/// [`Error::System`] if memory or descriptors run out.
pub struct DictProxy<'m, K, V> {
    proxy: Proxy<'m>,
    types: PhantomData<fn(K, V)>,
}

impl<'m, K: Message, V: Message> DictProxy<'m, K, V> {
    pub fn of(proxy: Proxy<'m>) -> Self {
        DictProxy { proxy, types: PhantomData }
    }

    /// The value of a key; Python's `d.get(key)`.
    pub fn get(&self, key: &K) -> Result<Option<V>> {
        self.proxy.item(Operation::Get(to_bytes(key)?))
    }

    /// Sets a key's value, and returns the one before; Python's `d[key] = value`.
    pub fn insert(&self, key: &K, value: &V) -> Result<Option<V>> {
        self.proxy.item(Operation::Set(to_bytes(key)?, to_bytes(value)?))
    }

    /// Takes a key out, and returns its value; Python's `d.pop(key)`.
    #[doc(alias = "pop")]
    pub fn remove(&self, key: &K) -> Result<Option<V>> {
        self.proxy.item(Operation::Delete(to_bytes(key)?))
    }

    /// Whether it has a key; Python's `key in d`.
    pub fn contains_key(&self, key: &K) -> Result<bool> {
        Ok(!self.proxy.call(Operation::Get(to_bytes(key)?))?.items().is_empty())
    }

    /// The number of keys; Python's `len(d)`.
    pub fn len(&self) -> Result<usize> {
        self.proxy.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Takes everything out; Python's `d.clear()`.
    pub fn clear(&self) -> Result<()> {
        self.proxy.call(Operation::Clear).map(drop)
    }

    /// All keys and values, as they are at one moment; Python's `d.items()`.
    pub fn items(&self) -> Result<Vec<(K, V)>> {
        let all = self.proxy.call(Operation::All)?.items();
        all.chunks_exact(2).map(|pair| Ok((decode(&pair[0])?, decode(&pair[1])?))).collect()
    }

    /// All keys; Python's `d.keys()`.
    pub fn keys(&self) -> Result<Vec<K>> {
        let all = self.proxy.call(Operation::All)?.items();
        all.chunks_exact(2).map(|pair| decode(&pair[0])).collect()
    }

    /// All values; Python's `d.values()`.
    pub fn values(&self) -> Result<Vec<V>> {
        let all = self.proxy.call(Operation::All)?.items();
        all.chunks_exact(2).map(|pair| decode(&pair[1])).collect()
    }
}

impl<K, V> fmt::Debug for DictProxy<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DictProxy").field("number", &self.proxy.number).finish_non_exhaustive()
    }
}
