//! Pictures of time: which process did what, and when, in one run of a program.
//!
//! A program that uses `ipc-common` and finds `IPC_TRACE` in its environment writes down what its
//! processes do. What they print does not go through the library. So the program is given a socket for
//! its standard output, and the kernel tells with each line by which process it was written; the time is
//! that at which the line was read, some microseconds later.
//!
//! From the bottom up:
//!
//! - `run`: the program is run; `printed`: its lines, with writer and time;
//! - `record`: what is known of a run: lanes with slices, and items' ways between them;
//! - `text`: how wide it is, and in which language; `scale`: from time to place; `labels` and `rows`:
//!   where lines stand;
//! - `panel`: the picture of a run; `picture`: those of several runs, below each other.

#![forbid(unsafe_code)]

mod labels;
mod panel;
pub mod picture;
pub mod printed;
pub mod record;
mod rows;
pub mod run;
mod scale;
pub mod text;
