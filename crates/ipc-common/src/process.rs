//! [`Process`]: describing a process and starting it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::{self, ExitCode, Termination};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, raise};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, dup2_stdin, fork, getppid};

use crate::child::Child;
use crate::current::Current;
use crate::lock::guards_of_this_thread;
use crate::pidfd::PidFd;
use crate::{Error, Result};

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
    /// Unlike Python's, a daemon may have children: whatever is started below a daemon ends with
    /// its own parent, so none of it is left.
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
    /// its own, and no destructor of the parent ever runs. A panic or an `Err` is printed on
    /// standard error and the exit code is 1. Signal handlers, open files and the working directory
    /// are those of the parent. What the parent has read ahead into the buffer of
    /// `std::io::stdin()` and not yet used is copied with the rest of its memory.
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
    pub fn start<T: Termination>(self) -> Result<Child>
    where
        R: Run<T>,
    {
        let threads = count_threads().map_err(|e| {
            let tried = format!("start {}: count the threads in /proc/self/task", self.name);
            Error::system(tried, "mount /proc, or close some files (ulimit -n)", e)
        })?;
        if threads > 1 {
            return Err(Error::Threads { name: self.name.to_string(), threads });
        }
        // SAFETY: this is the only thread.
        unsafe { self.start_beside_threads() }
    }

    /// Starts it although this process has other threads.
    ///
    /// A daemon so started ends with the calling *thread*.
    ///
    /// # Safety
    ///
    /// At the moment of the fork the other threads may hold any lock of the process, such as the
    /// allocator's (glibc's is safe), standard output's or one of your own; in the child nobody
    /// will ever release it, and what it protects may be half-changed. `run` must use nothing of
    /// that kind.
    ///
    /// # Errors
    ///
    /// As for [`start`](Process::start), but for [`Error::Threads`].
    pub unsafe fn start_beside_threads<T: Termination>(self) -> Result<Child>
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
        flush().map_err(|e| failed("flush standard output", "look where it goes to", e))?;
        // Opened here so that a lack of descriptors is found before there is a child.
        let null = File::open("/dev/null");
        let null = null.map_err(|e| failed("open /dev/null", "close some files (ulimit -n)", e))?;
        // No handler of the parent's runs in a child that is not set up.
        let signals = BlockedSignals::new().map_err(|e| failed("block signals", "", e))?;
        let mut current = Current::lock();
        let parent = process::id();
        // SAFETY: with one thread the child is a whole copy of this process; otherwise the caller
        // has promised to use nothing that another thread may have locked. This crate's own state
        // is locked by this thread, which is the one that the child has.
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                current.become_child(parent, name, identity, daemon);
                let ends_with_parent = current.ends_with_parent;
                drop(current);
                let set_up = set_up_child(parent, ends_with_parent, null);
                drop(signals);
                match set_up {
                    Ok(()) => live(run),
                    Err(e) => live(|| Err::<(), _>(Error::system("set up a new process", "", e))),
                }
            }
            Ok(ForkResult::Parent { child }) => {
                drop(null); // in its place comes the pidfd
                let pid = child.as_raw().cast_unsigned();
                let pidfd = PidFd::open(pid).map_err(|e| {
                    // Neither can fail for our own child, which nobody has waited for.
                    let _ = kill(child, Signal::SIGKILL);
                    let _ = waitpid(child, None);
                    failed(
                        "open a pidfd (it was killed at once)",
                        "Linux 5.4 or later is needed",
                        e,
                    )
                })?;
                let child = Child::new(name, pid, daemon, pidfd);
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
/// A thread that was joined is still listed while the kernel tears it down, and one that
/// `std::thread::scope` has waited for may still be running its destructors. Nothing tells when
/// they are gone, so look again.
fn count_threads() -> io::Result<usize> {
    let begin = Instant::now();
    loop {
        let threads = fs::read_dir("/proc/self/task")?.count();
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
fn flush() -> io::Result<()> {
    // SAFETY: flushes all output streams of C libraries, too.
    nix::errno::Errno::result(unsafe { libc::fflush(std::ptr::null_mut()) })?;
    io::stdout().flush()
}

/// The child's world, apart from what `Current` knows.
fn set_up_child(parent: u32, ends_with_parent: bool, null: File) -> io::Result<()> {
    if ends_with_parent {
        set_pdeathsig(Signal::SIGKILL)?;
        // A parent that died before the kernel was asked is not reported any more.
        if getppid().as_raw().cast_unsigned() != parent {
            raise(Signal::SIGKILL)?;
        }
    }
    dup2_stdin(&null)?;
    // rand's generator is copied with the rest of the memory.
    rand::rng().reseed().map_err(io::Error::other)
}

/// Runs the child to its end, which is here: nothing of the parent's stack is ever returned to.
fn live<R: Run<T>, T: Termination>(run: R) -> ! {
    let ended = panic::catch_unwind(AssertUnwindSafe(|| exit_code(run.run().report())));
    let mut code = ended.unwrap_or_else(|payload| {
        std::mem::forget(payload); // its destructor might panic again
        1
    });
    if let Err(e) = flush() {
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
