//! The way that the victims of a scene have gone so far, so that the next one can be led along it by
//! breakpoints, which is faster than step by step.

use std::cell::RefCell;
use std::collections::BTreeSet;

/// The way of a scene's victims.
#[derive(Default)]
pub(crate) struct Way {
    /// The address of the instruction after each step.
    pub(crate) addresses: Vec<u64>,
    /// The steps that no breakpoint may lead across: those that slept, and those that copied the
    /// process, with its breakpoints.
    pub(crate) single: BTreeSet<usize>,
    /// This time it was another way, so that the place was not found.
    pub(crate) missed: bool,
    /// Go step by step.
    pub(crate) slowly: bool,
}

thread_local! {
    /// That of the scene that this thread plays.
    pub(crate) static WAY: RefCell<Way> = RefCell::default();
}
