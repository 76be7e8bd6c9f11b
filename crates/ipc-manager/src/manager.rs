//! [`Manager`]: dicts, lists and namespaces that live in a process of their own.

use std::fmt;

use crate::client::Client;
use crate::protocol::Request;
use crate::proxy::dict::DictProxy;
use crate::proxy::list::ListProxy;
use crate::proxy::namespace::Namespace;
use crate::proxy::object::ObjectProxy;
use crate::server::serve::serve;
#[cfg(doc)]
use ipc_error::Error;
use ipc_error::Result;
use ipc_process::{Child, Process};
use ipc_queue::{Message, pipe};
use ipc_sync::internal::fork_generation;

/// A server process that holds objects for other processes; Python's `multiprocessing.Manager`.
///
/// ```
/// use ipc_common::{Manager, Process};
///
/// let manager = Manager::new()?;
/// let ages = manager.dict()?;
/// let names = manager.list(["Ann".to_string()])?;
/// let child = Process::new(|| -> ipc_common::Result<()> {
///     ages.insert(&"Ann".to_string(), &40)?;
///     names.push(&"Bob".to_string())
/// });
/// child.start()?.join()?;
/// assert_eq!(ages.items()?, [("Ann".to_string(), 40)]);
/// assert_eq!(names.to_vec()?, ["Ann", "Bob"]);
/// # Ok::<(), ipc_common::Error>(())
/// ```
///
/// Any process that is forked after the manager was made, and any thread, may use the manager and
/// its objects; each process gets a connection of its own to the server. Each call is done as a
/// whole, but between two calls others may come: for `x += 1` there is [`modify`](DictProxy::modify),
/// and `Value`, which is faster. Objects last as long as the manager: make them once.
///
/// Every call blocks until the server has replied, and the server deals with one call at a time. A
/// call that the server refuses, for lack of memory for instance, has changed nothing, and the
/// server and the other clients go on.
///
/// The server has no address, in no folder and no network: the way to it is an open file that only
/// forked processes have. So nothing is left behind, and there is no key to ask for, where Python
/// needs its `authkey`. It is a daemon: it ends when the manager is dropped, and when the process
/// that made it dies; no signal but SIGKILL ends it. (If that process has changed its user, it ends
/// when no process is left that could use it.)
pub struct Manager {
    client: Client,
    server: Child,
    /// The fork generation of the process that made the manager.
    owner: u32,
}

impl Manager {
    /// Starts the server; Python's `Manager()`.
    ///
    /// # Errors
    ///
    /// As for [`Process::start`].
    ///
    /// ```
    /// let manager = ipc_common::Manager::new()?;
    /// assert!(manager.server().is_alive()?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn new() -> Result<Self> {
        let (control, servers) = pipe::<(), ()>()?;
        let server = Process::new(|| serve(&servers)).name("Manager").daemon(true);
        let server = server.start()?; // it closes its copy of `control` itself
        Ok(Manager { client: Client::new(control), server, owner: fork_generation() })
    }

    /// The server's process; Python has it as the private `manager._process`.
    ///
    /// ```
    /// let manager = ipc_common::Manager::new()?;
    /// assert_eq!(manager.server().name(), "Manager");
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn server(&self) -> &Child {
        &self.server
    }

    /// A new, empty dict; Python's `manager.dict()`.
    ///
    /// # Errors
    ///
    /// [`Error::ManagerGone`] if the server has ended, [`Error::Refused`] if it is short of
    /// descriptors or memory, [`Error::System`] if this process has no descriptor left.
    ///
    /// ```
    /// let manager = ipc_common::Manager::new()?;
    /// let ages = manager.dict::<String, u32>()?;
    /// assert!(ages.is_empty()?);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn dict<K: Message, V: Message>(&self) -> Result<DictProxy<'_, K, V>> {
        ObjectProxy::new(&self.client, &Request::NewDict).map(DictProxy::of)
    }

    /// A new list of `items`; Python's `manager.list(items)`.
    ///
    /// # Errors
    ///
    /// As for [`dict`](Manager::dict), and [`Error::Encode`] if an item cannot be serialised.
    ///
    /// ```
    /// let manager = ipc_common::Manager::new()?;
    /// let primes = manager.list([2, 3, 5])?;
    /// assert_eq!(primes.to_vec()?, [2, 3, 5]);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn list<T: Message>(&self, items: impl IntoIterator<Item = T>) -> Result<ListProxy<'_, T>> {
        let list = ObjectProxy::new(&self.client, &Request::NewList).map(ListProxy::of)?;
        list.extend(items)?;
        Ok(list)
    }

    /// A new, empty namespace; Python's `manager.Namespace()`.
    ///
    /// # Errors
    ///
    /// As for [`dict`](Manager::dict).
    ///
    /// ```
    /// let manager = ipc_common::Manager::new()?;
    /// let config = manager.namespace()?;
    /// config.set("retries", &3)?;
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn namespace(&self) -> Result<Namespace<'_>> {
        ObjectProxy::new(&self.client, &Request::NewDict).map(Namespace::of)
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        if fork_generation() == self.owner {
            // Fails after a change of user: see above.
            let _ = self.server.kill().and_then(|()| self.server.join());
        }
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("server", &self.server).finish_non_exhaustive()
    }
}
