//! [`Process`]: describing a process and starting it.

pub(crate) mod child;
pub(crate) mod current;
pub(crate) mod pidfd;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::mem;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::panic::{self, AssertUnwindSafe};
use std::process::{self, ExitCode, Termination};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, raise};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, dup2_stdin, dup3_raw, fork, getppid};

use crate::process::child::Child;
use crate::process::current::Current;
use crate::process::pidfd::{PidFd, above_stdio};
use ipc_error::{Error, Result};
use ipc_sync::internal::{guards_of_this_thread, watch_forks};

/// What a process does: any closure without arguments, or an object with a `run` method, as a
/// Python class that inherits from `Process` has.
///
/// It may return whatever `main` may: nothing, a `Result`, an `ExitCode`.
///
/// ```
/// use ipc_common::{Process, Run};
///
/// struct Sum(Vec<u64>);
///
/// impl Run for Sum {
///     fn run(self) {
///         println!("{}", self.0.iter().sum::<u64>());
///     }
/// }
///
/// let child = Process::new(Sum(vec![1, 2, 3])).start()?;
/// assert_eq!(child.join()?, 0);
/// # Ok::<(), ipc_common::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a process can run",
    note = "a closure without arguments is, and what implements `ipc_common::Run`; it must return what `main` may return"
)]
pub trait Run<T: Termination = ()> {
    /// The new process's work. When it returns, the process ends.
    fn run(self) -> T;
}

impl<F: FnOnce() -> T, T: Termination> Run<T> for F {
    fn run(self) -> T {
        self()
    }
}

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
    name: Arc<str>,
    identity: String,
    daemon: bool,
}

impl<R> fmt::Debug for Process<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Process { name, daemon, .. } = self;
        let mut process = f.debug_struct("Process");
        process.field("name", name).field("daemon", daemon).finish_non_exhaustive()
    }
}

impl<R> Process<R> {
    /// Describes a process; nothing happens yet. Named `Process-1`, `Process-2`, …, and in
    /// `Process-1` then `Process-1:1`, ….
    pub fn new(run: R) -> Self {
        let identity = Current::lock().next_identity();
        Process { run, name: format!("Process-{identity}").into(), identity, daemon: false }
    }

    /// Names it; Python's `name=…`. Names are for people: several processes may share one.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Makes it a daemon; Python's `daemon=True`. It serves its parent: when the parent ends,
    /// however it ends, the kernel kills the daemon, and dropping its handle does not wait for it.
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
        self.daemon = daemon;
        self
    }

    /// Starts it: forks, and runs the closure in the child; Python's `start()`.
    ///
    /// In the child, standard input is the null device, the random numbers of `rand::rng()` are
    /// its own, and when the closure returns or panics the process ends at once: no destructor of
    /// the parent runs in it. (`std::process::exit` runs those of thread-locals and the exit handlers
    /// of C, here as anywhere.) After a panic or an `Err`, which is printed on standard error, the
    /// exit code is 1.
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
    /// - [`Error::GuardHeld`] if the calling thread holds a [`Lock`](crate::Lock).
    /// - [`Error::ChildrenIgnored`] if SIGCHLD is ignored: the exit code would be lost.
    /// - [`Error::System`] if the limit on processes or descriptors is reached, memory is short, or
    ///   standard output cannot be flushed (the child would print its content again).
    ///
    /// A child in another pid namespace than its parent (`unshare`) ends at once with exit code 1:
    /// there locks would take one process for another.
    pub fn start<T: Termination>(self) -> Result<Child>
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
    pub fn start_without<T: Termination>(self, ends: &[&dyn AsFd]) -> Result<Child>
    where
        R: Run<T>,
    {
        let threads = count_threads().map_err(|e| {
            let tried = format!("start {}: count the threads in /proc/self/task", self.name);
            Error::system(tried, "mount /proc", e)
        })?;
        if threads != 1 {
            return Err(Error::Threads { name: self.name.to_string(), threads });
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
    /// protects may be half-changed; in the child nobody will ever release it. `run` must use nothing
    /// of that kind. (Standard output and glibc's allocator are taken care of.)
    ///
    /// # Errors
    ///
    /// As for [`start`](Process::start), but for [`Error::Threads`].
    pub unsafe fn start_beside_threads<T: Termination>(self) -> Result<Child>
    where
        R: Run<T>,
    {
        // SAFETY: the caller's promise.
        unsafe { self.fork(&[]) }
    }

    /// # Safety
    ///
    /// As for [`start_beside_threads`](Process::start_beside_threads).
    unsafe fn fork<T: Termination>(self, without: &[&dyn AsFd]) -> Result<Child>
    where
        R: Run<T>,
    {
        let Process { run, name, identity, daemon } = self;
        let guards = guards_of_this_thread();
        if guards > 0 {
            return Err(Error::GuardHeld { name: name.to_string(), guards });
        }
        if sigchld_is_ignored() {
            return Err(Error::ChildrenIgnored { name: name.to_string() });
        }
        let failed = |what: &str, advice, source: io::Error| {
            Error::system(format!("start {name}: {what}"), advice, source)
        };
        // Locks are held across the fork if the child will need them: so it gets them from this
        // thread, which it has, and not from another, which it has not.
        let mut stdout = io::stdout().lock();
        flush(&mut stdout)
            .map_err(|e| failed("flush standard output", "look where it goes to", e))?;
        let mut current = Current::lock();
        watch_forks();
        // What the child or its pidfd needs is tried before there is a child.
        let pidfd = PidFd::open(process::id()).map_err(|e| {
            failed("open a pidfd", "close some files (ulimit -n); it needs Linux 5.4", e)
        })?;
        let null = File::open("/dev/null").and_then(|null| above_stdio(null.into()));
        let null =
            null.map_err(|e| failed("open /dev/null", "it must be there, and ulimit -n", e))?;
        // No handler of the parent's runs in a child that is not set up.
        let signals = BlockedSignals::new().map_err(|e| failed("block signals", "", e))?;
        let parent = process::id();
        // SAFETY: with one thread the child is a whole copy of this process; otherwise the caller
        // has promised to use nothing that another thread may have locked, and nor do we.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => live(move || {
                current.become_child(parent, name, identity, daemon);
                let ends_with_parent = current.ends_with_parent;
                drop((current, stdout, pidfd));
                set_up_child(parent, ends_with_parent, null, without)?;
                drop(signals);
                Ok(run.run())
            }),
            Ok(ForkResult::Parent { child }) => {
                drop(pidfd); // its place is for the child's
                let pidfd = PidFd::open(child.as_raw().cast_unsigned()).map_err(|e| {
                    // Neither can fail for our own child, which nobody has waited for.
                    let _ = kill(child, Signal::SIGKILL);
                    let _ = waitpid(child, None);
                    failed("open a pidfd for the child (which was killed)", "close some files", e)
                })?;
                let child = Child::new(name, child.as_raw().cast_unsigned(), daemon, pidfd);
                current.add_child(&child.0);
                Ok(child)
            }
            Err(e) => Err(failed(
                "fork",
                "if a limit is reached, join some processes or raise it (ulimit -u, the cgroup's pids.max)",
                e.into(),
            )),
        }
    }
}

/// How long threads that are on their way out may take.
const LEAVING: Duration = Duration::from_millis(100);

/// The number of this process's threads.
///
/// A thread that was joined still counts while the kernel tears it down, and one that
/// `std::thread::scope` has waited for may still be running its destructors. Nothing tells when
/// they are gone, so look again.
fn count_threads() -> io::Result<usize> {
    let begin = Instant::now();
    loop {
        // A directory has two links and one from each folder in it, here one for each thread.
        let threads = fs::metadata("/proc/self/task")?.nlink().saturating_sub(2) as usize;
        if threads == 1 || begin.elapsed() >= LEAVING {
            return Ok(threads);
        }
        thread::sleep(Duration::from_micros(50));
    }
}

fn sigchld_is_ignored() -> bool {
    // SAFETY: sigaction is plain data, for which zero bytes are valid.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: only asks; the kernel fills `action`.
    let asked = unsafe { libc::sigaction(libc::SIGCHLD, std::ptr::null(), &raw mut action) };
    asked == 0
        && (action.sa_sigaction == libc::SIG_IGN || action.sa_flags & libc::SA_NOCLDWAIT != 0)
}

/// All signals wait while this lives.
struct BlockedSignals(SigSet);

impl BlockedSignals {
    fn new() -> io::Result<Self> {
        Ok(BlockedSignals(SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?))
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        self.0.thread_set_mask().expect("a mask that was in force is valid");
    }
}

/// What was printed before a fork must not be in the buffer that the child gets a copy of.
fn flush(stdout: &mut impl Write) -> io::Result<()> {
    // SAFETY: flushes all output streams of C libraries, too.
    Errno::result(unsafe { libc::fflush(std::ptr::null_mut()) })?;
    stdout.flush()
}

/// The child's world, apart from what `Current` knows.
fn set_up_child(
    parent: u32,
    ends_with_parent: bool,
    null: OwnedFd,
    without: &[&dyn AsFd],
) -> Result<()> {
    let failed = |e| Error::system("set up a new process", "", e);
    match getppid().as_raw() {
        0 => return Err(Error::Unsupported("its parent is in another pid namespace")),
        _ if ends_with_parent => set_pdeathsig(Signal::SIGKILL).map_err(|e| failed(e.into()))?,
        _ => {}
    }
    // A parent that died before the kernel was asked is not reported any more.
    if ends_with_parent && getppid().as_raw().cast_unsigned() != parent {
        raise(Signal::SIGKILL).map_err(|e| failed(e.into()))?;
    }
    dup2_stdin(&null).map_err(|e| failed(e.into()))?;
    for end in without {
        // Its number still means something, so that no other file can come to be mistaken for it.
        // SAFETY: `end` is open, and who owns it in this process finds the null device in its place.
        let replaced = unsafe { dup3_raw(&null, end.as_fd().as_raw_fd(), OFlag::O_CLOEXEC) };
        mem::forget(replaced.map_err(|e| failed(e.into()))?); // it has an owner
    }
    // rand's generator is copied with the rest of the memory.
    rand::rng().reseed().map_err(|e| failed(io::Error::other(e)))
}

/// Runs the child to its end, which is here: nothing of the parent's stack is ever returned to.
fn live<T: Termination>(run: impl FnOnce() -> Result<T>) -> ! {
    let ended = panic::catch_unwind(AssertUnwindSafe(|| match run() {
        Ok(outcome) => exit_code(outcome.report()),
        Err(error) => exit_code(Err::<(), _>(error).report()),
    }));
    let mut code = ended.unwrap_or_else(|payload| {
        mem::forget(payload); // its destructor might panic again
        1
    });
    if let Err(e) = flush(&mut io::stdout()) {
        let _ = writeln!(io::stderr(), "Error: cannot flush standard output: {e}");
        code = if code == 0 { 1 } else { code };
    }
    // SAFETY: ends the process without running the parent's exit handlers.
    unsafe { libc::_exit(code.into()) }
}

/// `ExitCode` does not show its number, but it can be compared.
fn exit_code(code: ExitCode) -> u8 {
    (0..=u8::MAX).find(|&n| ExitCode::from(n) == code).unwrap_or(1)
}
