//! Starting processes and ending them.
//!
//! From the bottom up: `identity`, what is decided before the start; `handle`, what is known of a
//! process that has been started; `kept`, descriptors that are opened once; `parent`, what is known of the parent; `current`, what a process knows of itself and its children; `child`
//! and `active_children`, handles for programs; `outcome` and `run`, what a process does and returns;
//! `threads`, `signals`, `output`, `end`; `child_setup` and `run_child`, the child's side of a fork;
//! `fork`; `builder`, what a program describes; `copied`, the child of a fork server.

pub(crate) mod active_children;
#[allow(unsafe_code, reason = "it offers to fork beside threads")]
pub(crate) mod builder;
pub(crate) mod child;
#[allow(unsafe_code, reason = "it puts the null device where another file is open")]
mod child_setup;
pub(crate) mod copied;
pub(crate) mod current;
#[allow(unsafe_code, reason = "it sets an exit handler")]
mod end;
#[allow(unsafe_code, reason = "it forks")]
mod fork;
mod handle;
pub(crate) mod identity;
mod kept;
pub(crate) mod outcome;
#[allow(unsafe_code, reason = "C's streams are flushed, too")]
mod output;
pub(crate) mod parent;
pub(crate) mod run;
#[allow(unsafe_code, reason = "it ends the process without the parent's exit handlers")]
mod run_child;
#[allow(unsafe_code, reason = "it asks how SIGCHLD is handled")]
mod signals;
pub(crate) mod threads;
