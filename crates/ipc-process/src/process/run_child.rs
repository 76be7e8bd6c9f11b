//! [`run_child_and_exit`]: a child's whole way, from the fork to its end.

use std::ffi::CString;
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
pub(crate) fn run_child_and_exit(
    name: &str,
    parent: u32,
    set_up: impl FnOnce() -> Result<()>,
    run: &mut dyn FnMut() -> ExitCode,
) -> ! {
    show_name(name);
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

/// Gives the process its name in `ps` and `top`, as far as the kernel's 15 bytes reach.
fn show_name(name: &str) {
    let len = (0..=15).rev().find(|&len| name.is_char_boundary(len)).unwrap_or(0);
    // Without one, or with a zero in it, the process keeps the name of its parent.
    if let Ok(name) = CString::new(&name[..len])
        && !name.is_empty()
    {
        let _ = set_name(&name);
    }
}

/// `ExitCode` does not show its number, but it can be compared.
fn number(code: ExitCode) -> u8 {
    (0..=u8::MAX).find(|&n| ExitCode::from(n) == code).unwrap_or(1)
}
