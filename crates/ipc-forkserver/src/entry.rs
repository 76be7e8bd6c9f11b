//! [`Entry`]: where a new process begins.

use std::process::ExitCode;

/// Decodes the arguments and calls the function at the address.
///
/// # Safety
///
/// The address is that of a function of the types that the entry was made for, and the arguments were
/// encoded from that type.
pub(crate) type Entry = unsafe fn(function: usize, arguments: &[u8]) -> ExitCode;
