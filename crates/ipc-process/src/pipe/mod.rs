//! Two processes that talk to each other, and waiting for many at once.

pub(crate) mod connection;
