//! [`Run`]: what a process does.

use crate::process::outcome::Outcome;

/// What a process does: any closure without arguments, or an object with a `run` method, as a
/// Python class that inherits from `Process` has.
///
/// It may return what `main` may: nothing, a `Result`, an `ExitCode`; see [`Outcome`].
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
pub trait Run<T: Outcome = ()> {
    /// The new process's work. When it returns, the process ends.
    fn run(self) -> T;
}

impl<F: FnOnce() -> T, T: Outcome> Run<T> for F {
    fn run(self) -> T {
        self()
    }
}
