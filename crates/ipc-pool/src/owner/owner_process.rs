//! [`OwnerProcess`]: the process that made a pool.

use ipc_error::{Error, Result};
use ipc_sync::internal::fork_generation;

/// Its fork generation, which a process forked from it does not have.
pub(crate) struct OwnerProcess(u32);

impl OwnerProcess {
    /// This process.
    pub(crate) fn this() -> Self {
        OwnerProcess(fork_generation())
    }

    pub(crate) fn is_this(&self) -> bool {
        self.0 == fork_generation()
    }

    /// # Errors
    ///
    /// [`Error::Invalid`] in another process.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_this() {
            return Ok(());
        }
        Err(Error::Invalid(
            "cannot use this pool: it belongs to the process that made it, from which this one was \
             forked; make another",
        ))
    }
}
