//! [`Process`]: describing a process and starting it.

use std::fmt;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Arc;

use ipc_error::{Error, Result};

use crate::process::child::Child;
use crate::process::current::Current;
use crate::process::fork::fork;
use crate::process::identity::Identity;
use crate::process::outcome::Outcome;
use crate::process::run::Run;
use crate::process::threads::count_threads;

/// A process that has not been started; Python's `Process(target=…, name=…, daemon=…)`.
///
/// The closure takes the place of target and arguments. It may borrow: the child gets a copy of
/// the parent's whole memory, so nothing has to be `'static`, sent or serialised. What it *owns*
/// exists twice after the start, and each process drops its own: let it borrow what must be
/// cleaned up once, such as a temporary folder.
///
/// ```
/// use ipc_common::Process;
///
/// let mut name = String::from("jon");
/// let child = Process::new(|| name.push_str(" in the child")).start()?;
/// child.join()?;
/// assert_eq!(name, "jon"); // the child changed its own copy
/// # Ok::<(), ipc_common::Error>(())
/// ```
#[must_use = "a process does nothing until it is started"]
pub struct Process<R> {
    run: R,
    identity: Identity,
}

impl<R> fmt::Debug for Process<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { name, daemon, .. } = &self.identity;
        let mut process = f.debug_struct("Process");
        process.field("name", name).field("daemon", daemon).finish_non_exhaustive()
    }
}

impl<R> Process<R> {
    /// Describes a process; nothing happens yet. Named `Process-1`, `Process-2`, …, and in
    /// `Process-1` then `Process-1:1`, ….
    pub fn new(run: R) -> Self {
        Process { run, identity: Current::lock().next_identity() }
    }

    /// Names it; Python's `name=…`. Names are for people: several processes may share one. The first 15
    /// bytes are what `ps -e`, `top` and `pgrep` show.
    ///
    /// ```
    /// let child = ipc_common::Process::new(|| ()).name("dance").start()?;
    /// assert_eq!(child.name(), "dance");
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.identity.name = name.into();
        self
    }

    /// Makes it a daemon; Python's `daemon=True`. It serves its parent, whose end is not delayed by
    /// it: the parent sends it SIGTERM, and SIGKILL a second later. When the parent is killed, the
    /// kernel kills the daemon.
    ///
    /// Unlike Python's, a daemon may have children: a [`Process`] that is started below a daemon
    /// ends with its own parent, too, so none of them is left. (The kernel forgets to kill one that
    /// changes its user or whose parent does, and one that replaces itself by a set-user-id program.)
    ///
    /// There is no setting it later: a started process has no such method.
    ///
    /// ```compile_fail,E0599
    /// # use ipc_common::Process;
    /// let child = Process::new(|| ()).start().unwrap();
    /// child.daemon(true); // Python: AssertionError: process has already started
    /// ```
    pub fn daemon(mut self, daemon: bool) -> Self {
        self.identity.daemon = daemon;
        self
    }

    /// Starts it: forks, and runs the closure in the child; Python's `start()`.
    ///
    /// In the child, standard input is the null device, the random numbers of `rand::rng()` are
    /// its own, and when the closure returns or panics the process waits for its own children and ends.
    /// As at the end of `main`, its threads are not waited for (Python waits): join them, or use
    /// `std::thread::scope`. No destructor of the parent runs in it. (`std::process::exit` runs those of
    /// thread-locals and the exit handlers of C, here as anywhere.) After a panic or an
    /// `Err`, which is printed on standard error with the name of the process, the exit code is 1.
    ///
    /// One panic is not printed, from the first start on and in the parent, too: that of `println!`
    /// when nothing reads standard output any more, as in `program | head`. (A panic hook sees to both,
    /// in front of the one that the program has at its first start.)
    ///
    /// From the first start on the process keeps two descriptors open for its children: a pidfd of its own,
    /// which a child gets as that of its parent, and the null device.
    ///
    /// Signal handlers, open files and the working directory are those of the parent. What the
    /// parent has read ahead into the buffer of `std::io::stdin()` and not yet used is copied with
    /// the rest of its memory.
    ///
    /// ```
    /// use ipc_common::Process;
    ///
    /// let words = vec!["borrowed", "by", "the", "child"];
    /// let child = Process::new(|| println!("{}", words.join(" "))).name("talker").start()?;
    /// assert_eq!(child.join()?, 0);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Nothing is left behind by any of them.
    ///
    /// - [`Error::Threads`] if the calling process has more than one thread: they would be missing
    ///   in the child, with the locks that they hold locked for ever.
    /// - [`Error::GuardHeld`] if the calling thread holds a [`Lock`](ipc_sync::Lock).
    /// - [`Error::ChildrenIgnored`] if SIGCHLD is ignored: the exit code would be lost.
    /// - [`Error::System`] if the limit on processes or descriptors is reached, memory is short, or
    ///   standard output cannot be flushed (the child would print its content again).
    ///
    /// A child in another pid namespace than its parent (`unshare`) ends at once with exit code 1:
    /// there locks would take one process for another.
    pub fn start<T: Outcome>(self) -> Result<Child>
    where
        R: Run<T>,
    {
        self.start_without(&[])
    }

    /// Starts it so that it does not get these ends of pipes; otherwise a child has a copy of all
    /// that are open.
    ///
    /// An end of a pipe is seen by the other side when it is closed in *all* processes. So a child
    /// that has a copy of the other side's end, too, would wait for ever if the other side dies.
    ///
    /// ```
    /// use ipc_common::{Error, Process, pipe};
    ///
    /// let (left, right) = pipe::<String, String>()?;
    /// let reader = Process::new(|| {
    ///     assert!(matches!(left.recv(), Err(Error::Hangup))); // not for ever
    /// });
    /// let reader = reader.start_without(&[&right])?;
    /// let writer = Process::new(move || drop(right)).start()?;
    /// writer.join()?;
    /// assert_eq!(reader.join()?, 0);
    /// # Ok::<(), ipc_common::Error>(())
    /// ```
    ///
    /// In the child such an end is the null device, and sending and receiving fail.
    ///
    /// # Errors
    ///
    /// As for [`start`](Process::start).
    pub fn start_without<T: Outcome>(self, ends: &[&dyn AsFd]) -> Result<Child>
    where
        R: Run<T>,
    {
        let threads = count_threads().map_err(|e| {
            let name = &self.identity.name;
            let tried = format!("start {name}: count the threads in /proc/self/task");
            Error::system(tried, "mount /proc", e)
        })?;
        if threads != 1 {
            return Err(Error::Threads { name: self.identity.name.to_string(), threads });
        }
        // SAFETY: this is the only thread.
        unsafe { self.fork(ends) }
    }

    /// Starts it although this process has other threads.
    ///
    /// Blocks while another thread has standard output locked. A daemon so started, and whatever is
    /// started inside a daemon, ends with the calling *thread*.
    ///
    /// # Safety
    ///
    /// At the moment of the fork the other threads may hold any lock of the process, and what it
    /// protects may be half-changed; in the child it is never released. `run` must use nothing
    /// of that kind. (Standard output and glibc's allocator are taken care of.)
    ///
    /// # Errors
    ///
    /// As for [`start`](Process::start), but for [`Error::Threads`].
    pub unsafe fn start_beside_threads<T: Outcome>(self) -> Result<Child>
    where
        R: Run<T>,
    {
        // SAFETY: the caller's promise.
        unsafe { self.fork(&[]) }
    }

    /// # Safety
    ///
    /// As for [`start_beside_threads`](Self::start_beside_threads).
    unsafe fn fork<T: Outcome>(self, ends: &[&dyn AsFd]) -> Result<Child>
    where
        R: Run<T>,
    {
        let Process { run, identity } = self;
        let mut run = Some(run);
        // What does not depend on the closure's type is compiled once.
        let mut run = || run.take().map_or(ExitCode::SUCCESS, |run| run.run().report());
        // SAFETY: the caller's promise.
        unsafe { fork(identity, &mut run, ends) }
    }
}
