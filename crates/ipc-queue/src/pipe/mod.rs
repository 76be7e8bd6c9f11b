//! Two ends that talk to each other, and waiting for many things at once.
//!
//! From the bottom up: `wait`; `packet`, what a socket carries; `file_message` and `part_message`,
//! the two ways of large messages; `sent_file`, files between them; `connection`, an end; `raw`, what
//! it sends without encoding it; `ends`, making both.

pub(crate) mod connection;
pub(crate) mod ends;
mod file_message;
pub(crate) mod packet;
pub(crate) mod part_message;
mod raw;
mod sent_file;
pub(crate) mod wait;
