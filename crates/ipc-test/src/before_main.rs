//! The other side: what a test binary does first if it was started to run one test.

use std::env;
use std::ffi::CStr;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, ExitCode, Termination};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use crate::report::Report;
use crate::text;

/// In the environment: who asks, and where the two functions are, one that knows what the test returns,
/// and the test.
const ORDER: &CStr = c"IPC_TEST_RUN";

/// The linker collects these; the C library calls them before `main`, with one thread.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = before_main;

/// What the environment of a process must say so that it calls the test.
///
/// # Errors
///
/// If the test is no part of the binary, so that another process may have it elsewhere.
pub(crate) fn order<T: Termination>(test: fn() -> T) -> Result<(&'static str, String), String> {
    let name = ORDER.to_str().expect("it is ASCII");
    // So that the linker keeps it. It removes the order, or else each process would start the next.
    std::hint::black_box(&CONSTRUCTOR);
    if env::var_os(name).is_some() {
        return Err(format!(
            "the constructor of ipc-test has not run in this process; is it linked otherwise than as a \
             Rust library, or is {name} set from outside?"
        ));
    }
    let offset = |address| {
        text::offset(address).ok_or(
            "the test cannot be called in another process: it is in a shared library, and must be in the \
             test binary itself",
        )
    };
    let (caller, test) = (offset(call::<T> as *const ())?, offset(test as *const ())?);
    Ok((name, format!("{} {caller} {test}", process::id())))
}

/// Calls the test at this address.
fn call<T: Termination>(test: *const ()) -> ExitCode {
    // SAFETY: the order names this function beside a test of its `T`.
    let test = unsafe { mem::transmute::<*const (), fn() -> T>(test) };
    test().report()
}

extern "C" fn before_main() {
    // SAFETY: the constructor runs before there are threads that could change the environment.
    let order = unsafe { libc::getenv(ORDER.as_ptr()) };
    if order.is_null() {
        return;
    }
    // SAFETY: a variable of the environment is a string that ends with 0, and is copied at once.
    let order = unsafe { CStr::from_ptr(order) }.to_string_lossy().into_owned();
    // What the test itself starts has no order. SAFETY: as above, there is one thread.
    unsafe { libc::unsetenv(ORDER.as_ptr()) };
    if let Some((call, test)) = functions(&order) {
        run(call, test)
    }
}

type Call = fn(*const ()) -> ExitCode;

/// Those that the order names, if it comes from the parent, which is this binary, too.
fn functions(order: &str) -> Option<(Call, *const ())> {
    let mut numbers = order.split(' ').map(str::parse);
    let mut next = || numbers.next()?.ok();
    let (parent, call, test): (usize, usize, usize) = (next()?, next()?, next()?);
    // Ends with the thread that waits for it. Its parent may have ended before.
    set_parent_process_death_signal(Some(Signal::KILL)).ok()?;
    let is_asked_by_parent = getppid()?.as_raw_nonzero().get() as usize == parent;
    is_asked_by_parent.then_some(())?;
    let call = text::at(call)?;
    // SAFETY: the parent runs the same file, and wrote where in it a `call` and its test are.
    let call = unsafe { mem::transmute::<*const (), Call>(call) };
    Some((call, text::at(test)?))
}

fn run(call: Call, test: *const ()) -> ! {
    // What the standard library does before `main`: a broken pipe is an error, and no signal.
    // SAFETY: to ignore a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    let report = Report::from_stdin();
    match catch_unwind(AssertUnwindSafe(|| call(test))) {
        Ok(ExitCode::SUCCESS) => report.write("passed"),
        Ok(_) => report.write("it returned an error"),
        Err(panic) => report.write_panic(&*panic),
    }
    process::exit(0)
}
