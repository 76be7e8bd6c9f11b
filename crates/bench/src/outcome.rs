//! [`Outcome`]: what may fail, with any error.

use std::error::Error;

/// A result whose error is for a person to read.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;
