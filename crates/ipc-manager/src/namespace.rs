//! [`Namespace`]: named values on a manager's server.

use std::fmt;

use crate::manager::{Proxy, to_bytes};
use crate::server::Operation;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_process::Message;

/// Values with names, each of its own type, that live in a [`Manager`](crate::Manager); Python's
/// `manager.Namespace()`.
///
/// ```
/// let manager = ipc_common::Manager::new()?;
/// let config = manager.namespace()?;
/// config.set("retries", &3)?;
/// config.set("host", &"localhost".to_string())?;
/// assert_eq!(config.get::<u32>("retries")?, Some(3));
/// assert_eq!(config.get::<u32>("colour")?, None);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// # Errors
///
/// All methods: [`Error::ManagerGone`] if the server has ended;
/// [`Error::Refused`] if it is short of descriptors or memory; [`Error::Encode`] if a value cannot
/// be serialised, [`Error::Decode`] if one is not of the type it is asked for as; [`Error::System`]
/// if memory or descriptors run out.
pub struct Namespace<'m>(Proxy<'m>);

impl<'m> Namespace<'m> {
    pub fn of(proxy: Proxy<'m>) -> Self {
        Namespace(proxy)
    }

    /// The value of a name, if it has one; Python's `namespace.name`.
    pub fn get<T: Message>(&self, name: &str) -> Result<Option<T>> {
        self.0.item(Operation::Get(to_bytes(name)?))
    }

    /// Gives a name a value; Python's `namespace.name = value`.
    pub fn set<T: Message>(&self, name: &str, value: &T) -> Result<()> {
        self.0.call(Operation::Set(to_bytes(name)?, to_bytes(value)?)).map(drop)
    }

    /// Takes a name out, and returns its value; Python's `del namespace.name`.
    pub fn remove<T: Message>(&self, name: &str) -> Result<Option<T>> {
        self.0.item(Operation::Delete(to_bytes(name)?))
    }
}

impl fmt::Debug for Namespace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace").field("number", &self.0.number).finish_non_exhaustive()
    }
}
