//! What the kernel offers: a descriptor for a process.

pub(crate) mod pidfd;
