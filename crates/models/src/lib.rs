//! Models of the protocols in `ipc-sync` and `ipc-ring`, of which tools walk all interleavings.
//!
//! | model | stands for | tool |
//! |---|---|---|
//! | `robust_mutex` | the mutex, the kernel's part in it, the hand-over | stateright |
//! | `event_count` | the event count with sleepers, the semaphore | stateright |
//! | `ring` | the two sides of the ring | stateright |
//! | `condition`, `barrier` | their slots | stateright |
//! | `orderings` | memory orderings of event count, event and cursors | loom |
//!
//! A model is a program for an imagined machine: what processes share, where each of them is, and
//! what each step changes. Each head says what the model leaves out, and which lines of the library it
//! stands for: a change there is made here, too. The library itself is not run, except in its tests.
//!
//! Each model is checked twice. As the library is, all properties hold in all states. With a *planted
//! fault* (a step left out, two in the wrong order, a weaker ordering) the tool has to find a state in
//! which one of them does not; so a model that sees nothing does not pass for one that finds nothing.
//! What is found is printed as the shortest way there: `cargo test -p models <test> -- --nocapture`.
//!
//! `IPC_MODEL_DEPTH=1` makes the models larger by one: a thread, a kill or a word of memory. That takes
//! minutes to an hour for each, and gigabytes. Continuous integration does without, which takes a
//! minute on two processors.

#[cfg(test)]
mod barrier;
#[cfg(test)]
mod condition;
#[cfg(test)]
mod event_count;
#[cfg(test)]
mod orderings;
#[cfg(test)]
mod ring;
#[cfg(test)]
mod robust_mutex;
#[cfg(test)]
mod walk;
