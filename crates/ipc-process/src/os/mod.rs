//! What the kernel offers: descriptors, of which one means a process.

#[allow(unsafe_code, reason = "it closes descriptors without the C library")]
pub(crate) mod descriptor;
pub(crate) mod pidfd;
