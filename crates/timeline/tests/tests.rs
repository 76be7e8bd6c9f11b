//! Tests of the timelines.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod command;
mod pictures;
mod printed;
mod records;
