//! All tests of golden, in one binary.

mod all_programs;
mod command;
mod completeness;
mod evidence;
mod file_format;
mod left_behind;
mod mutants;
mod oracle;
mod orders;
mod placeholders;
mod reports;
mod running;
mod workspace;
mod wrong_outputs;
