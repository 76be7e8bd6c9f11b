//! [`Manager`]: dicts, lists and namespaces that live in a process of their own.

use std::fmt;
use std::iter;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_bytes::ByteBuf;

use crate::dict_proxy::DictProxy;
use crate::list_proxy::ListProxy;
use crate::namespace::Namespace;
use crate::server::{Line, Operation, Reply, Request, serve};
use ipc_error::{Error, Result};
use ipc_process::Child;
use ipc_process::Process;
use ipc_process::{Connection, pipe};
use ipc_process::{
    Message,
    internal::{decode, encode, unshared_pipe},
};
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
/// its objects; each process gets a line of its own to the server. Each call is done as a whole,
/// but between two calls others may come: for `x += 1` there is [`Value`](crate::Value), or a
/// [`Lock`](crate::Lock) around both calls. Objects last as long as the manager: make them once.
///
/// The server has no address, in no folder and no network: the way to it is an open file that only
/// forked processes have. So there is nothing to be left behind, and nobody to be asked for a key,
/// where Python needs its `authkey`. It is a daemon: it ends when the manager is dropped, and when
/// the process that made it dies; no signal but SIGKILL ends it. (If that process has changed its
/// user, it ends when no process is left that could use it.)
pub struct Manager {
    /// New lines are handed in here.
    door: Connection<()>,
    /// With the generation of the process whose line it is.
    line: Mutex<Option<(u32, Line)>>,
    server: Child,
    /// The fork_generation of the process that made the manager.
    owner: u32,
}

impl Manager {
    /// Starts the server; Python's `Manager()`.
    ///
    /// # Errors
    ///
    /// As for [`Process::start`].
    pub fn new() -> Result<Self> {
        let (door, inside) = pipe::<(), ()>()?;
        let server = Process::new(|| serve(&inside)).name("Manager").daemon(true);
        let server = server.start()?; // it lets go of this end itself
        Ok(Manager { door, line: Mutex::new(None), server, owner: fork_generation() })
    }

    /// The server's process.
    pub fn server(&self) -> &Child {
        &self.server
    }

    /// A new, empty dict; Python's `manager.dict()`.
    ///
    /// # Errors
    ///
    /// [`Error::ManagerGone`] if the server has ended, [`Error::Refused`] if it has no descriptor
    /// left, [`Error::System`] if this process has none.
    pub fn dict<K: Message, V: Message>(&self) -> Result<DictProxy<'_, K, V>> {
        self.new_object(Request::NewDict).map(DictProxy::of)
    }

    /// A new list of `items`; Python's `manager.list(items)`.
    ///
    /// # Errors
    ///
    /// As for [`dict`](Manager::dict), and [`Error::Encode`] if an item cannot be serialised.
    pub fn list<T: Message>(&self, items: impl IntoIterator<Item = T>) -> Result<ListProxy<'_, T>> {
        let list = self.new_object(Request::NewList).map(ListProxy::of)?;
        list.extend(items)?;
        Ok(list)
    }

    /// A new, empty namespace; Python's `manager.Namespace()`.
    ///
    /// # Errors
    ///
    /// As for [`dict`](Manager::dict).
    pub fn namespace(&self) -> Result<Namespace<'_>> {
        self.new_object(Request::NewDict).map(Namespace::of)
    }

    fn new_object(&self, request: Request) -> Result<Proxy<'_>> {
        Ok(Proxy { manager: self, number: self.call(&request)?.number() })
    }

    fn call(&self, request: &Request) -> Result<Reply> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        // A forked process has its parent's line, on which the replies would be mixed up.
        if !matches!(&*line, Some((process, _)) if *process == fork_generation()) {
            *line = Some((fork_generation(), self.connect()?));
        }
        let (_, open) = line.as_ref().expect("it has just been made");
        let reply = match open.send(request) {
            Ok(()) => open.recv(),
            // The server's last word may still be there.
            Err(Error::Hangup) => iter::from_fn(|| open.recv().ok()).last().ok_or(Error::Hangup),
            Err(e) => return Err(e),
        };
        let reply = match reply {
            Ok(Reply::Refused(why)) => Err(Error::Refused { why }),
            Err(Error::Hangup) => Err(Error::ManagerGone),
            reply => reply,
        };
        if reply.is_err() {
            *line = None; // the server has closed its end, or the reply might come yet
        }
        reply
    }

    fn connect(&self) -> Result<Line> {
        let (mine, servers) = unshared_pipe::<Request, Reply>()?;
        let sent = self.door.send_packet(&[1], &[servers.as_fd()]);
        sent.map_err(|e| match e {
            Error::Hangup => Error::ManagerGone,
            e => e,
        })?;
        Ok(mine)
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        if fork_generation() == self.owner {
            let _ = self.server.kill(); // fails after a change of user; see above
        }
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("server", &self.server).finish_non_exhaustive()
    }
}

/// What the proxies have in common: an object on the server.
pub struct Proxy<'m> {
    manager: &'m Manager,
    pub number: usize,
}

impl Proxy<'_> {
    pub fn call(&self, operation: Operation) -> Result<Reply> {
        match self.manager.call(&Request::Do(self.number, operation))? {
            Reply::OutOfRange { index, len } => Err(Error::OutOfRange { index, len }),
            reply => Ok(reply),
        }
    }

    pub fn len(&self) -> Result<usize> {
        Ok(self.call(Operation::Len)?.number())
    }

    /// The item that was asked for, or was there before.
    pub fn item<T: Message>(&self, operation: Operation) -> Result<Option<T>> {
        self.call(operation)?.items().first().map(|item| decode(item)).transpose()
    }
}

pub(crate) fn to_bytes<T: Serialize + ?Sized>(item: &T) -> Result<ByteBuf> {
    let mut bytes = ByteBuf::new();
    encode(item, &mut bytes)?;
    Ok(bytes)
}
