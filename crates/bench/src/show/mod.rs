//! The report for people.

pub(crate) mod markdown;
pub(crate) mod picture;
pub(crate) mod text;
pub mod units;
