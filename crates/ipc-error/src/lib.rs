//! [`Error`]: every failure says what was tried, what went wrong and what to do.
//!
//! There is one error type for all crates of the library, so that a program has one to match on.

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")))]
compile_error!(
    "ipc-common needs 64-bit Linux with glibc. On a Mac or on Windows run it in a container, in WSL or \
     in Lima: README.md says how"
);

mod error;

use std::fmt;
use std::io;

pub use error::Error;

/// What the fallible functions of `ipc_common` return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// For a call that the operating system refused.
    #[doc(hidden)]
    pub fn system(
        tried: impl Into<String>,
        advice: &'static str,
        source: impl Into<io::Error>,
    ) -> Self {
        Error::System { tried: tried.into(), advice, source: source.into() }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
