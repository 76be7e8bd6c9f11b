#![doc = include_str!("../../../expected-output/README.md")]
//!
//! # In a program
//!
//! ```
//! let expected = golden::Expected::parse(
//!     "$ cargo run -p greet
//!
//! a   | <pid:a> says hello
//! a   | <pid:a> says goodbye
//! b   | <pid:b> says hello
//! all | after <0.3..0.7> s: the end
//! ")?;
//!
//! assert!(expected.check("17 says hello\n18 says hello\n17 says goodbye\nafter 0.6 s: the end\n").is_ok());
//! assert!(expected.check("17 says hello\n18 says hello\n18 says goodbye\nafter 0.6 s: the end\n").is_ok());
//! assert!(expected.check("17 says hello\n18 says hello\n19 says goodbye\nafter 0.6 s: the end\n").is_err());
//! assert!(expected.check("17 says goodbye\n17 says hello\n18 says hello\nafter 0.6 s: the end\n").is_err());
//! # Ok::<(), golden::ParseError>(())
//! ```
//!
//! [`Expected`] is such a file, [`run()`] runs a program for it, and [`check_all()`] does so for many at once.

#![forbid(unsafe_code)]

#[cfg(not(target_os = "linux"))]
compile_error!("golden needs Linux: it collects orphaned processes as a child subreaper");

mod check;
mod command;
mod complete;
#[doc(hidden)]
pub mod expected;
mod group;
mod mismatch;
#[doc(hidden)]
pub mod names;
#[doc(hidden)]
pub mod pattern;
mod program;
mod run;
mod search;
mod syntax;
mod trouble;

pub use check::{Outcome, Plan, check_all};
pub use command::Command;
pub use complete::findings;
pub use expected::{Expected, ParseError};
pub use mismatch::Mismatch;
pub use program::{Program, build};
pub use run::{is_stopped, run, stop_all_runs};
pub use trouble::{MAX_OUTPUT, RunError, Trouble};
