//! [`Sample`]: what one repetition took.

use serde::{Deserialize, Serialize};

/// What one repetition took.
#[derive(Serialize, Deserialize, Debug, Clone, Copy)]
pub struct Sample {
    /// How many times the work was done.
    pub operations: u64,
    /// From the start of the first worker to the end of the last.
    pub seconds: f64,
    /// What all workers together used of the processors.
    pub cpu_seconds: f64,
    /// The largest memory of any of the processes, in bytes.
    #[serde(default)]
    pub peak_memory: u64,
}
