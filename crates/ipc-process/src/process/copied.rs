//! For a fork server: a child that is a copy not of its parent, but of a sibling.

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use ipc_error::{Error, Result};

use crate::os::descriptor::open_null;
use crate::os::pidfd::PidFd;
use crate::process::child::Child;
use crate::process::child_setup::{reseed, set_up_child};
use crate::process::current::Current;
use crate::process::end::end_children_at_exit;
use crate::process::fork::refuse_ignored_children;
use crate::process::identity::Identity;
use crate::process::run_child::{run_child_and_exit, shown_name};

/// The identity of the next process that this one describes.
pub fn next_identity() -> Identity {
    Current::lock().next_identity()
}

/// Whether this process ends with its own parent, so that its children have to end with it.
pub fn ends_with_parent() -> bool {
    Current::lock().ends_with_parent
}

/// How many descriptors this process keeps for the children that it may yet start.
pub fn kept_descriptors() -> usize {
    Current::lock().kept_descriptors()
}

/// What a parent needs before it has a child.
///
/// # Errors
///
/// As for [`Process::start`](crate::Process::start).
pub fn prepare_for_child(name: &str) -> Result<()> {
    refuse_ignored_children(name)?;
    end_children_at_exit().map_err(|e| Error::system("set an exit handler", "", e))
}

/// In the parent: a handle to the child.
pub fn keep_child(identity: Identity, pid: u32, pidfd: OwnedFd) -> Child {
    let child = Child::new(identity, pid, PidFd::of(pidfd));
    Current::lock().add_child(&child.0);
    child
}

/// In the child: sets it up as a child of `parent`, the process that this copy's model is a child of,
/// too. Then it runs, and ends.
///
/// `ready` comes last, before `run`.
pub fn run_copied_child(
    parent: u32,
    identity: Identity,
    ends_with_parent: bool,
    ready: impl FnOnce() -> io::Result<()>,
    run: &mut dyn FnMut() -> ExitCode,
) -> ! {
    let name = identity.name.clone();
    let mut current = Current::lock();
    current.become_sibling(identity, ends_with_parent);
    drop(current);
    let set_up = || {
        let failed = |e| Error::system("set up a new process", "", e);
        set_up_child(parent, ends_with_parent, open_null().map_err(failed)?, &[])?;
        reseed().map_err(failed)?;
        ready().map_err(failed)
    };
    run_child_and_exit(&name, shown_name(&name).as_deref(), parent, set_up, run)
}
