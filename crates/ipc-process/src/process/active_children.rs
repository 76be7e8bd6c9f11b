//! [`active_children`].

use crate::process::child::Child;
use crate::process::current::Current;

/// The children of this process that are alive; Python's `active_children()`.
///
/// Among them are the supervisor of a `Pool` and the server of a
/// `Manager`. As in Python, asking reaps those that have ended. The handles stand
/// for the same processes as those that [`start`](crate::Process::start) returned.
///
/// ```
/// use ipc_common::{Process, active_children};
///
/// Process::new(|| std::thread::park()).start()?;
/// for child in active_children() {
///     child.terminate()?;
///     assert_eq!(child.join()?, -15);
/// }
/// assert!(active_children().is_empty());
/// # Ok::<(), ipc_common::Error>(())
/// ```
pub fn active_children() -> Vec<Child> {
    let children = Current::lock().children();
    children.into_iter().map(Child).collect()
}
