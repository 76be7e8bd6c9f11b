//! Walks all states of a model, breadth first, so that what it finds is as short as can be.

use std::env;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker, Expectation, HasDiscoveries, Model, Path};

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

/// What should hold in all states does, and what should be so in some state is.
pub(crate) fn holds(model: impl Protocol) {
    let checker = model.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    println!("{} states, {} steps deep", checker.unique_state_count(), checker.max_depth());
    for property in checker.model().properties() {
        match (property.expectation, checker.discovery(property.name)) {
            (Expectation::Sometimes, Some(_)) | (Expectation::Always, None) => {}
            (_, None) => panic!("never so: {}", property.name),
            (_, Some(path)) => panic!("not always so: {}\n{}", property.name, steps(path)),
        }
    }
}

/// The planted fault breaks this property.
pub(crate) fn finds(property: &'static str, model: impl Protocol) {
    let found = HasDiscoveries::AnyOf([property].into());
    let checker = model.checker().finish_when(found).spawn_bfs().join();
    println!("{} states, {} steps deep", checker.unique_state_count(), checker.max_depth());
    match checker.discovery(property) {
        Some(path) => println!("{property}\n{}", steps(path)),
        None => panic!("the fault is not found: {property}"),
    }
}

fn steps<S: Debug, A: Debug>(path: Path<S, A>) -> String {
    let step = |(state, action): (S, Option<A>)| match action {
        Some(action) => format!("{state:?}\n    {action:?}\n"),
        None => format!("{state:?}\n"),
    };
    path.into_vec().into_iter().map(step).collect()
}
