//! [`Namespace`]: named values on a manager's server.

use std::fmt;

use crate::blob::Blob;
use crate::protocol::Operation;
use crate::proxy::object::ObjectProxy;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_queue::Message;

/// Values with names, each of its own type, that live in a `Manager`; Python's
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
/// All methods block until the server has replied.
///
/// # Errors
///
/// All methods: [`Error::ManagerGone`] if the server has ended;
/// [`Error::Refused`] if it is short of descriptors or memory, and then nothing has changed;
/// [`Error::Encode`] if a value cannot be serialised, [`Error::Decode`] if one is not of the type it
/// is asked for as; [`Error::System`] if memory or descriptors run out.
pub struct Namespace<'m>(pub(super) ObjectProxy<'m>);

impl<'m> Namespace<'m> {
    pub(crate) fn of(object: ObjectProxy<'m>) -> Self {
        Namespace(object)
    }

    /// The value of a name, if it has one; Python's `namespace.name`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// # let config = manager.namespace()?;
    /// config.set("retries", &3)?;
    /// let retries: Option<u32> = config.get("retries")?;
    /// assert_eq!(retries, Some(3));
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn get<T: Message>(&self, name: &str) -> Result<Option<T>> {
        self.0.item(Operation::Get(Blob::of(name)?))
    }

    /// Gives a name a value; Python's `namespace.name = value`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// # let config = manager.namespace()?;
    /// config.set("value", &3)?;
    /// config.set("value", &"a text now".to_string())?;
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn set<T: Message>(&self, name: &str, value: &T) -> Result<()> {
        self.0.call(Operation::Set(Blob::of(name)?, Blob::of(value)?)).map(drop)
    }

    /// Takes a name out, and returns its value; Python's `del namespace.name`.
    ///
    /// ```
    /// # let manager = ipc_common::Manager::new()?;
    /// # let config = manager.namespace()?;
    /// config.set("retries", &3)?;
    /// assert_eq!(config.remove::<u32>("retries")?, Some(3));
    /// assert_eq!(config.get::<u32>("retries")?, None);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn remove<T: Message>(&self, name: &str) -> Result<Option<T>> {
        self.0.item(Operation::Delete(Blob::of(name)?))
    }
}

impl fmt::Debug for Namespace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespace").field("number", &self.0.number()).finish_non_exhaustive()
    }
}
