//! What the kernel offers: sleeping until a word of shared memory changes.

pub(crate) mod futex;
pub(crate) mod spin;
