//! Standard output: across a fork, and when nothing reads it any more.

use std::io::{self, Write};
use std::panic;
use std::sync::Once;
use std::thread;

use nix::errno::Errno;

use crate::process::current::parent_process;
use crate::process::outcome::report;

/// Writes out what has been printed. A fork would copy it, and the child print it again.
pub(crate) fn flush(stdout: &mut impl Write) -> io::Result<()> {
    // SAFETY: with a null pointer it flushes all output streams of C libraries, and needs none.
    Errno::result(unsafe { libc::fflush(std::ptr::null_mut()) })?;
    stdout.flush()
}

/// From now on the message of a panic in a child begins with the child's name. And a `println!` that
/// fails because nothing reads the output any more, as in `program | head`, panics as before but
/// prints no message: otherwise each process of the program would print one.
pub(crate) fn set_panic_hook() {
    static INSTALLED: Once = Once::new();
    if thread::panicking() {
        return; // the hook cannot be changed now
    }
    INSTALLED.call_once(|| {
        let print_panic = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let message = panic.payload().downcast_ref::<String>();
            if message.is_some_and(|message| is_broken_pipe(message)) {
                return;
            }
            if parent_process().is_some() {
                report("panicked:");
            }
            print_panic(panic);
        }));
    });
}

/// Whether std's `print!` says this when it finds its pipe closed.
fn is_broken_pipe(message: &str) -> bool {
    let error = message.strip_prefix("failed printing to stdout: ");
    error.is_some_and(|error| error == io::Error::from(Errno::EPIPE).to_string())
}
