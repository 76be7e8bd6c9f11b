//! Walks all states of a model, breadth first, so that what it finds is as short as can be.

use std::env;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, HasDiscoveries, Model};

/// What the checker asks for.
pub(crate) trait Protocol:
    Model<State: Clone + Debug + Hash + PartialEq + Send + Sync, Action: Clone + Debug + PartialEq>
    + Send
    + Sync
    + 'static
{
}

impl<M> Protocol for M where
    M: Model<
            State: Clone + Debug + Hash + PartialEq + Send + Sync,
            Action: Clone + Debug + PartialEq,
        > + Send
        + Sync
        + 'static
{
}

/// By how much larger than in continuous integration the models are: `IPC_MODEL_DEPTH`.
pub(crate) fn depth() -> usize {
    let depth = env::var("IPC_MODEL_DEPTH").ok();
    depth.map_or(0, |depth| depth.parse().expect("IPC_MODEL_DEPTH is a number"))
}

/// All properties hold in all states.
pub(crate) fn holds(model: impl Protocol) {
    if let Some((property, path)) = walk(model, HasDiscoveries::AnyFailures) {
        panic!("not so: {property}\n{path}");
    }
}

/// The planted fault breaks this property.
pub(crate) fn finds(property: &'static str, model: impl Protocol) {
    let found = walk(model, HasDiscoveries::AnyOf([property].into()));
    let (_, path) = found.unwrap_or_else(|| panic!("the fault is not found: {property}"));
    println!("{property}\n{path}");
}

/// What has been found, and the steps to it.
fn walk(model: impl Protocol, finish_when: HasDiscoveries) -> Option<(&'static str, String)> {
    let checker = model.checker().finish_when(finish_when).spawn_bfs().join();
    println!("{} states, {} steps deep", checker.unique_state_count(), checker.max_depth());
    let (property, path) = checker.discoveries().into_iter().next()?;
    let steps = path.into_vec().into_iter().map(|(state, action)| match action {
        Some(action) => format!("{state:?}\n    {action:?}\n"),
        None => format!("{state:?}\n"),
    });
    Some((property, steps.collect()))
}
