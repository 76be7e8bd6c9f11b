//! [`run_child_and_exit`]: a child's whole way, from the fork to its end.

use std::io::{self, ErrorKind, Write};
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::process::{ExitCode, Termination};

use ipc_error::Result;
use ipc_trace::internal::end_process;

use crate::process::output::flush;

/// Runs the child and ends it: nothing of the parent's stack is ever returned to.
pub(crate) fn run_child_and_exit<T: Termination>(run: impl FnOnce() -> Result<T>) -> ! {
    let ended = panic::catch_unwind(AssertUnwindSafe(|| match run() {
        Ok(outcome) => exit_code(outcome.report()),
        Err(error) => exit_code(Err::<(), _>(error).report()),
    }));
    let mut code = ended.unwrap_or_else(|payload| {
        mem::forget(payload); // its destructor might panic again
        1
    });
    if let Err(e) = flush(&mut io::stdout()) {
        if e.kind() != ErrorKind::BrokenPipe {
            let _ = writeln!(io::stderr(), "Error: cannot flush standard output: {e}");
        }
        code = if code == 0 { 1 } else { code };
    }
    end_process();
    // SAFETY: it takes an integer and ends the process; the parent's exit handlers do not run.
    unsafe { libc::_exit(code.into()) }
}

/// `ExitCode` does not show its number, but it can be compared.
fn exit_code(code: ExitCode) -> u8 {
    (0..=u8::MAX).find(|&n| ExitCode::from(n) == code).unwrap_or(1)
}
