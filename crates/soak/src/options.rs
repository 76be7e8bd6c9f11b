//! The command line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;

/// Does everything that ipc-common can do at once, in processes that are killed, stopped and continued
/// at random, and checks that all goes on and that what was put, got and lost comes out.
///
/// The exit code is 0 if it does, 1 if not, 2 for wrong usage.
#[derive(Parser, Debug)]
#[command(bin_name = "scripts/soak")]
pub(crate) struct Options {
    /// How long.
    #[arg(default_value_t = 1.0, value_parser = minutes)]
    pub(crate) minutes: f64,
    /// What decides which process is killed and stopped when; each run has another. (The kernel decides,
    /// too, so that no two runs are the same.)
    #[arg(long)]
    seed: Option<u64>,
}

fn minutes(argument: &str) -> Result<f64, String> {
    match argument.parse() {
        Ok(minutes) if (0.05..=10_000.0).contains(&minutes) => Ok(minutes),
        _ => Err("give a number of minutes from 0.05 to 10000".into()),
    }
}

impl Options {
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }

    pub(crate) fn seed(&self) -> u64 {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros());
        self.seed.unwrap_or_else(|| now() as u64)
    }
}
