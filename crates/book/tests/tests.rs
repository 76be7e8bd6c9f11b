//! Tests of the pages: both languages in step, names, commands, proofs, recipes, and all of it in a browser.

#![allow(clippy::unwrap_used, reason = "a test may: its panic is the report")]

mod browser;
mod commands;
mod languages;
mod links;
mod names;
mod proofs;
mod site;
mod sources;
