//! Tests that use the crate as those of other projects do.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod scratch;
mod tests_of_processes;
