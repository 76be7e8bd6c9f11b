//! Whether what the processes reported, and what the kernel says of them, is right.

pub(crate) mod books;
pub(crate) mod descendants;
mod gaps;
pub(crate) mod memory;
pub(crate) mod stream_book;
pub(crate) mod verdict;
