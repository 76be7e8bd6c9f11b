//! Compares what a concurrent program printed with the orders that are right.
//!
//! Processes that run at once print in many right orders, so an expected output is one of them, in an order a
//! person would see, that also says which others are right:
//!
//! ```
//! let expected = golden::Expected::parse(
//!     "$ cargo run -p greet
//!
//! a   | <pid:a> says hello
//! a   | <pid:a> says goodbye
//! b   | <pid:b> says hello
//! all | after <0.5±0.2> s: the end
//! ")?;
//!
//! assert!(expected.check("17 says hello\n18 says hello\n17 says goodbye\nafter 0.6 s: the end\n").is_ok());
//! assert!(expected.check("17 says hello\n18 says hello\n18 says goodbye\nafter 0.6 s: the end\n").is_ok());
//! assert!(expected.check("17 says hello\n18 says hello\n19 says goodbye\nafter 0.6 s: the end\n").is_err());
//! assert!(expected.check("17 says goodbye\n17 says hello\n18 says hello\nafter 0.6 s: the end\n").is_err());
//! # Ok::<(), golden::ParseError>(())
//! ```
//!
//! Left of the bar stand the *chains* a line belongs to, usually the process that prints it; `all` is every chain.
//! A line comes after the line before it in each of its chains, lines that share no chain come in any order, and
//! every line is used exactly once. Right of the bar stands the text, with placeholders:
//!
//! | placeholder | stands for |
//! |---|---|
//! | `<pid:a>` | a process id: same name same number, different names different numbers |
//! | `<user:a>` | one of the values of `user`, declared in the head as `user: 1 2 3`; names as with `pid` |
//! | `<pid:a\|b>`, `<user:a\|b>` | the value of one of these names, as of a worker that can be any of a pool |
//! | `<time>`, `<time:a>` | a time such as `2022-08-14 16:15:21.445148`; same name same text |
//! | `<2.0±0.3>`, `<2.0..4.0>` | a decimal number in that range, ends included |
//! | `<eater:c1\|c2>` | one of these texts |
//! | `\<` | the character `<` itself |
//!
//! [`Expected`] is such a file, [`run()`] runs a program for it, and [`check_crate()`] is a demo crate's whole test.

#[cfg(not(target_os = "linux"))]
compile_error!("golden needs Linux: it collects orphaned processes as a child subreaper");

mod check_all;
mod check_crate;
mod complete;
mod expected;
mod group;
mod head;
mod mismatch;
mod mutants;
mod names;
mod order;
mod parse_error;
mod pattern;
mod program;
mod run;
mod run_error;
mod scratch;
mod search;
mod verdict;

pub use check_all::{Plan, check_all};
pub use check_crate::check_crate;
pub use complete::findings;
pub use expected::Expected;
pub use mismatch::{Mismatch, Output};
pub use mutants::{Mutant, mutants};
pub use parse_error::ParseError;
pub use program::Program;
pub use run::{DEFAULT_LIMIT, MAX_OUTPUT, run, stop_all_runs};
pub use run_error::{RunError, Trouble};
pub use verdict::{Wrong, check_program};
