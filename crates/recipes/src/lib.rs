//! Programs around `ipc-common` that are made to be copied: see `examples/`.
//!
//! - `event-loop`: a pool and a queue in a program whose main thread runs tokio.
