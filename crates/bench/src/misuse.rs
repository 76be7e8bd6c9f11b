//! [`Misuse`]: wrong words on the command line.

use std::error::Error;
use std::fmt;

/// What is wrong with the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse(pub String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; see --help", self.0)
    }
}

impl Error for Misuse {}
