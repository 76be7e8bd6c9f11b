//! [`Entry`]: where a new process begins.

use std::process::ExitCode;

use ipc_memory::Parcel;

/// Decodes the arguments and calls the function at the address.
///
/// # Safety
///
/// The address is that of a function of the types that the entry was made for, and the arguments were
/// encoded from that type. The parcels are those of [`take_while`](ipc_memory::take_while).
pub(crate) type Entry = unsafe fn(usize, &[u8], Vec<Parcel>) -> ExitCode;
