//! What the kernel offers: shared memory, and sleeping until a word of it changes.

pub(crate) mod futex;
pub(crate) mod growing;
pub(crate) mod mapping;
pub(crate) mod shared;
pub(crate) mod spin;
