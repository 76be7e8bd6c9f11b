//! What the processes and their judge have in common.

pub(crate) mod channel;
pub(crate) mod item;
pub(crate) mod random;
pub(crate) mod report;
pub(crate) mod world;
