//! Waiting until memory changes: until when, and how.

pub(crate) mod deadline;
#[allow(unsafe_code, reason = "system calls")]
pub(crate) mod futex;
pub(crate) mod spin;
