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
    /// What was found, if that is not a matter of time: deaths survived, or bytes of memory.
    #[serde(default)]
    pub value: f64,
}

impl Sample {
    /// Of work that took this long; its memory is found out later.
    pub(crate) fn new(operations: u64, seconds: f64, cpu_seconds: f64) -> Sample {
        Sample { operations, seconds, cpu_seconds, peak_memory: 0, value: 0.0 }
    }
}
