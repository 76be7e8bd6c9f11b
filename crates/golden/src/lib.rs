#![doc = include_str!("../../../expected-output/README.md")]
//!
//! # In a program
//!
//! ```
//! let expected = golden::expected::Expected::parse(
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
//! # Ok::<(), golden::expected::ParseError>(())
//! ```
//!
//! [`Expected`](expected::Expected) is such a file, [`run()`](run::run()) runs a program for it, and [`check_all()`](check::check_all()) does so for many at once.

#![forbid(unsafe_code)]

#[cfg(not(target_os = "linux"))]
compile_error!("golden needs Linux: it collects orphaned processes as a child subreaper");

pub mod check;
pub mod command;
pub mod complete;
pub mod expected;
mod group;
pub mod mismatch;
#[doc(hidden)]
pub mod names;
#[doc(hidden)]
pub mod pattern;
pub mod program;
pub mod run;
mod search;
mod syntax;
pub mod trouble;
