//! [`Identity`]: what a process is to be.

use std::sync::Arc;

/// What is decided about a process before it is started.
#[derive(Debug)]
pub struct Identity {
    /// Its name.
    pub name: Arc<str>,
    /// `1:2` is the second child of the main process's first; the main process's is empty.
    pub lineage: String,
    /// Whether it is a daemon.
    pub daemon: bool,
}
