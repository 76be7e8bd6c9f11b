//! Waiting for descriptors, and where their numbers begin.

pub(crate) mod descriptor;
pub(crate) mod poll;
