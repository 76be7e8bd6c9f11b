//! Processes: starting them, ending them, and what they know of themselves.
//!
//! Programs use these types through `ipc_common`. From the bottom up:
//!
//! - `os`: descriptors, pidfds;
//! - `process`: starting processes and ending them.

mod os;
mod process;

pub use ipc_error::{Error, Result};
pub use process::active_children::active_children;
pub use process::builder::Process;
pub use process::child::{Child, StillRunning};
pub use process::current::{AuthKey, CurrentProcess, current_process, parent_process};
pub use process::outcome::Outcome;
pub use process::parent::ParentProcess;
pub use process::run::Run;

/// What the crates above need of this one's insides. No part of the interface: it may change with
/// any version.
#[doc(hidden)]
pub mod internal {
    pub use crate::process::copied::{
        ends_with_parent, keep_child, kept_descriptors, next_identity, prepare_for_child,
        run_copied_child,
    };
    pub use crate::process::identity::Identity;
    pub use crate::process::threads::count_threads;
}
