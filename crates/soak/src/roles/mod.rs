//! What each process does, again and again until it is killed: a file for each kind.

pub(crate) mod barrier;
pub(crate) mod cast;
mod condition;
mod event;
mod ledger;
mod lock;
pub(crate) mod manager_client;
mod manager_owner;
pub(crate) mod pool_owner;
mod semaphore;
mod starter;
mod stream;
