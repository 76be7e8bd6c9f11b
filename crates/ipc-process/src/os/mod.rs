//! What the kernel offers for descriptors: waiting for them, and pidfds.

pub(crate) mod descriptor;
pub(crate) mod pidfd;
pub(crate) mod poll;
