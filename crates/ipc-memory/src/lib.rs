//! Memory that processes share.
//!
//! It has no name: when the last process that has it is gone, however it went, so is the memory. For
//! the crates above; programs use what these make of it, through `ipc_common`.
//!
//! From the bottom up:
//!
//! - `passing`, `travel`: giving what processes share to one that is no fork of this one;
//! - `waiting`: sleeping until a word of it changes, and polling before;
//! - `huge`: huge pages for what is large;
//! - `memory_file`: memory with a descriptor; `mapping`: bytes; `shared`: a value; `growing`: bytes of
//!   which each process maps what it uses.

#[allow(unsafe_code, reason = "views are mapped and unmapped by hand")]
mod growing;
#[allow(unsafe_code, reason = "a system call")]
mod huge;
#[allow(unsafe_code, reason = "system calls")]
mod mapping;
mod memory_file;
#[allow(unsafe_code, reason = "what comes from another process is trusted by contract")]
mod passing;
#[allow(unsafe_code, reason = "memory that other processes use")]
mod shared;
mod travel;
mod waiting;

pub use growing::GrowingMapping;
pub use huge::copy;
pub use mapping::Mapping;
pub use passing::{
    Parcel, Part, Passed, Received, be_passable, deserialize, epoch, give_while, serialize,
    take_while, try_clone,
};
pub use shared::Shared;
pub use waiting::deadline::Deadline;
pub use waiting::futex::{Change, Futex, Waited, Wake};
pub use waiting::spin::{forget_crowd, spin_until};
