//! Checks many programs at once, and says how each did as it ends.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::is_stopped;
use crate::{DEFAULT_LIMIT, Program, Wrong, check_program};

/// How programs are checked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The workspace.
    pub root: PathBuf,
    /// The directory of the programs' binaries.
    pub binaries: PathBuf,
    /// How long each program may run.
    pub limit: Duration,
    /// How often each program is run.
    pub times: NonZeroUsize,
    /// How many programs run at once.
    pub jobs: NonZeroUsize,
}

impl Plan {
    /// Runs each program once, with the default limit, and many at once: they mostly sleep.
    pub fn new(root: PathBuf, binaries: PathBuf) -> Plan {
        const JOBS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);

        Plan { root, binaries, limit: DEFAULT_LIMIT, times: NonZeroUsize::MIN, jobs: JOBS }
    }
}

/// Checks `programs`, all of them as often as the plan says, and calls `on_end` whenever one has ended: with the
/// program, the time that it took, and what is wrong with it.
pub fn check_all(
    programs: &[Program],
    plan: &Plan,
    on_end: impl Fn(&Program, Duration, Result<(), Wrong>) + Sync,
) {
    let runs = programs.len().saturating_mul(plan.times.get());
    let next = AtomicUsize::new(0);
    let work = || {
        while !is_stopped() {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= runs {
                break;
            }
            let program = &programs[run % programs.len()];
            let started = Instant::now();
            let result = check_program(program, &plan.root, &plan.binaries, plan.limit);
            on_end(program, started.elapsed(), result.map(drop));
        }
    };
    thread::scope(|scope| {
        for _ in 0..plan.jobs.get().min(runs) {
            scope.spawn(work);
        }
    });
}
