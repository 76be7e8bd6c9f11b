//! Programs around `ipc-common` that are made to be copied: see `examples/`.
//!
//! - `word-count`: a pool behind a progress bar;
//! - `log-pipeline`: stages with queues between them, and how they end;
//! - `mandelbrot`: processes that draw into memory that they share;
//! - `supervisor`: workers that are replaced, and a clean end by Ctrl-C or SIGTERM;
//! - `task-runner`: time limits, retries, and workers that die;
//! - `beside-tokio`: a pool beside an async runtime;
//! - `event-loop`: the same for many tasks, by descriptors, with a queue beside the pool.
//!
//! The recipes of the library's documentation are this crate's doctests.

#[cfg(doctest)]
#[doc = include_str!("../../ipc-common/src/recipes.md")]
mod recipes {}
