//! What a process knows of itself: the only global state of this crate.

use std::fmt;
use std::io;
use std::mem;
use std::os::fd::OwnedFd;
use std::process;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use rustix::io::fcntl_dupfd_cloexec;

use crate::os::descriptor::{close, close_if_last, open_null};
use crate::os::pidfd::PidFd;
use crate::process::handle::Handle;
use crate::process::identity::Identity;
use crate::process::kept::Kept;
use crate::process::parent::ParentProcess;

/// A key that a process and everything started from it have in common.
pub type AuthKey = [u8; 32];

/// The state behind [`current_process`], [`parent_process`] and
/// [`active_children`](crate::active_children).
pub(crate) struct Current {
    name: Arc<str>,
    /// See [`Identity`].
    lineage: String,
    /// How many processes were described here, which is what the next one is named after.
    described: u32,
    parent: Option<ParentProcess>,
    /// Whether this process or an ancestor is a daemon, so that it has to end with its parent.
    pub(crate) ends_with_parent: bool,
    /// Those that somebody has a handle to, or that are in `let_run`.
    children: Vec<Weak<Handle>>,
    /// Those of which a handle was dropped while they ran.
    let_run: Vec<Arc<Handle>>,
    authkey: AuthKey,
    /// Of this process, for its children.
    own_pidfd: Kept<Arc<PidFd>>,
    /// The null device.
    null: Kept<OwnedFd>,
}

static CURRENT: LazyLock<Mutex<Current>> = LazyLock::new(|| {
    Mutex::new(Current {
        name: "MainProcess".into(),
        lineage: String::new(),
        described: 0,
        parent: None,
        ends_with_parent: false,
        children: Vec::new(),
        let_run: Vec::new(),
        authkey: rand::random(),
        own_pidfd: Kept::NONE,
        null: Kept::NONE,
    })
});

impl Current {
    /// A fork must happen under this lock, so that the child does not get it locked by a thread
    /// that it does not have.
    pub(crate) fn lock() -> MutexGuard<'static, Self> {
        CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The identity of the next process that is described here, until it is given another name.
    pub(crate) fn next_identity(&mut self) -> Identity {
        self.described += 1;
        let lineage = match self.lineage.as_str() {
            "" => self.described.to_string(),
            mine => format!("{mine}:{}", self.described),
        };
        Identity { name: format!("Process-{lineage}").into(), lineage, daemon: false }
    }

    /// Opens this process's pidfd, for a child to keep.
    pub(crate) fn open_own_pidfd(&mut self) -> io::Result<()> {
        self.own_pidfd.get_or_open(|| PidFd::open(process::id()).map(Arc::new)).map(drop)
    }

    /// A descriptor of the null device.
    pub(crate) fn null(&mut self) -> io::Result<OwnedFd> {
        Ok(fcntl_dupfd_cloexec(self.null.get_or_open(open_null)?, 3)?)
    }

    /// How many descriptors are kept from the first start on.
    pub(crate) fn kept_descriptors(&self) -> usize {
        usize::from(self.own_pidfd.is_open()) + usize::from(self.null.is_open())
    }

    /// In a new child of a process that has opened its pidfd: makes this copy of the parent's state its
    /// own. To free what is not needed would write to pages, each of which the kernel would have to copy
    /// first.
    pub(crate) fn become_child(&mut self, parent: u32, identity: Identity) {
        let name = mem::replace(&mut self.name, identity.name);
        let pidfd = self.own_pidfd.take();
        let parent = pidfd.map(|pidfd| ParentProcess { name, pid: parent, pidfd });
        if let Some(ParentProcess { name, pidfd, .. }) = mem::replace(&mut self.parent, parent) {
            mem::forget(name);
            close_if_last(pidfd);
        }
        if let Some(null) = self.null.take() {
            close(null);
        }
        let lineage = mem::replace(&mut self.lineage, identity.lineage);
        self.described = 0;
        self.ends_with_parent |= identity.daemon;
        mem::forget((lineage, mem::take(&mut self.children)));
        self.let_run.clear(); // closes their descriptors
    }

    /// In a copy of a child: makes it another child of the same parent.
    pub(crate) fn become_sibling(&mut self, identity: Identity, ends_with_parent: bool) {
        self.name = identity.name;
        self.lineage = identity.lineage;
        self.described = 0;
        self.ends_with_parent = ends_with_parent;
    }

    pub(crate) fn add_child(&mut self, child: &Arc<Handle>) {
        self.let_run.retain(|child| child.is_running_child());
        self.children.retain(|child| child.strong_count() > 0);
        self.children.push(Arc::downgrade(child));
    }

    /// This process's children that run; the others are reaped.
    pub(crate) fn children(&mut self) -> Vec<Arc<Handle>> {
        let children = self.children.iter().filter_map(Weak::upgrade);
        let children = children.filter(|child| child.is_running_child()).collect();
        self.let_run.retain(|child| child.is_running_child()); // last: what was reaped here goes, too
        children
    }

    /// A handle to the child is dropped. While it runs it is kept in mind, to be reaped later.
    pub(crate) fn drop_child(&mut self, child: &Arc<Handle>) {
        self.let_run.retain(|other| !Arc::ptr_eq(other, child));
        if child.is_running_child() {
            self.let_run.push(child.clone());
        }
    }
}

/// This process; Python's `current_process()`.
///
/// ```
/// use ipc_common::{Process, current_process};
///
/// assert_eq!(current_process().name(), "MainProcess");
/// let child = Process::new(|| assert_eq!(current_process().name(), "dance")).name("dance").start()?;
/// assert_eq!(child.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
pub fn current_process() -> CurrentProcess {
    let current = Current::lock();
    CurrentProcess { name: current.name.clone(), authkey: current.authkey }
}

/// The process that started this one, `None` in the main process; Python's `parent_process()`.
///
/// ```
/// use ipc_common::{Process, parent_process};
///
/// assert!(parent_process().is_none());
/// let child = Process::new(|| assert!(parent_process().is_some_and(|p| p.is_alive()))).start()?;
/// assert_eq!(child.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
pub fn parent_process() -> Option<ParentProcess> {
    Current::lock().parent.clone()
}

/// What a process knows of itself: what [`current_process`] returns.
///
/// ```
/// use ipc_common::{Process, current_process};
///
/// let (main, key) = (current_process().pid(), current_process().authkey());
/// let child = Process::new(move || {
///     let me = current_process();
///     assert_eq!(me.name(), "Process-1");
///     assert!(me.pid() != main && me.authkey() == key);
/// });
/// assert_eq!(child.start()?.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
#[derive(Clone)]
pub struct CurrentProcess {
    name: Arc<str>,
    authkey: AuthKey,
}

impl fmt::Debug for CurrentProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentProcess").field("name", &self.name).finish_non_exhaustive() // not the key
    }
}

impl CurrentProcess {
    /// The name it was given, `Process-1` and so on if none, `MainProcess` in the main process;
    /// Python's `name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id; Python's `pid`.
    pub fn pid(&self) -> u32 {
        process::id()
    }

    /// A random key, drawn once by the main process and the same in all its descendants, by which
    /// they can prove to each other that they belong together; Python's `authkey`.
    pub fn authkey(&self) -> AuthKey {
        self.authkey
    }
}
