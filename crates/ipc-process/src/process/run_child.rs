//! [`run_child_and_exit`]: a child's whole way, from the fork to its end.

use std::ffi::{CStr, CString};
use std::io::{self, ErrorKind};
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use ipc_error::Result;
use ipc_trace::internal::{begin_process, end_process};
use rustix::thread::set_name;

use crate::process::end::end_children;
use crate::process::outcome::{Outcome, report};
use crate::process::output::flush;

/// Sets the child up, runs it and ends it: nothing of the parent's stack is ever returned to.
///
/// What an empty child does here is most of what a start takes. A page of memory that it writes to has
/// to be copied first, and code that it comes to is mapped in pieces of 64 KiB, at some µs each. So it
/// allocates nothing and frees nothing, and what the parent can do is done there.
pub(crate) fn run_child_and_exit(
    name: &str,
    shown: Option<&CStr>,
    parent: u32,
    set_up: impl FnOnce() -> Result<()>,
    run: &mut dyn FnMut() -> ExitCode,
) -> ! {
    if let Some(shown) = shown {
        let _ = set_name(shown); // it is for people
    }
    let ended = panic::catch_unwind(AssertUnwindSafe(|| match set_up() {
        Ok(()) => {
            begin_process(name, parent);
            run()
        }
        Err(error) => Err::<(), _>(error).report(),
    }));
    let mut code = ended.map_or_else(
        |payload| {
            mem::forget(payload); // its destructor might panic again
            1
        },
        number,
    );
    if let Err(e) = flush(&mut io::stdout()) {
        if e.kind() != ErrorKind::BrokenPipe {
            report(&format!("Error: cannot flush standard output: {e}"));
        }
        code = if code == 0 { 1 } else { code };
    }
    end_children();
    end_process();
    // SAFETY: it takes an integer and ends the process; the parent's exit handlers do not run.
    unsafe { libc::_exit(code.into()) }
}

/// A process's name in `ps` and `top`: as much as goes into the kernel's 15 bytes. If that is nothing, or
/// has a zero in it, the process keeps the name of its parent.
pub(crate) fn shown_name(name: &str) -> Option<CString> {
    let len = (0..=15).rev().find(|&len| name.is_char_boundary(len)).unwrap_or(0);
    CString::new(&name[..len]).ok().filter(|name| !name.is_empty())
}

/// `ExitCode` does not show its number, but it can be compared.
fn number(code: ExitCode) -> u8 {
    (0..=u8::MAX).find(|&n| ExitCode::from(n) == code).unwrap_or(1)
}
