//! The command `soak`: everything in ipc-common at once, in processes that are killed with SIGKILL and
//! SIGTERM, stopped and continued at random. Then what was put, got, lost and left must come out.
//!
//! - `shared`: what all processes have: queues, locks and so on, the items, and how a process reports.
//! - `roles`: what each process does.
//! - `judge`: whether what was reported is right.
//! - `supervisor`: starts, kills, stops and watches.

#![forbid(unsafe_code)]

mod judge;
mod options;
mod roles;
mod shared;
mod summary;
mod supervisor;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use ipc_common::Manager;

use crate::judge::descendants::adopt_orphans;
use crate::judge::memory::Usage;
use crate::judge::verdict;
use crate::options::Options;
use crate::shared::world::World;
use crate::summary::{print_progress, print_verdict};
use crate::supervisor::soak::{Fallible, Soak};

/// How often there is a calm, in which each process has to show that it goes on.
const ROUND: Duration = Duration::from_secs(5);

/// About so many times the progress is told.
const LINES: u32 = 10;

/// After so many rounds the main process has all the memory that it needs.
const WARM: u64 = 2;

fn main() -> ExitCode {
    soak(&Options::parse()).unwrap_or_else(|error| {
        eprintln!("soak: {error}");
        ExitCode::FAILURE
    })
}

fn soak(options: &Options) -> Fallible<ExitCode> {
    let seed = options.seed();
    println!("seed {seed}, {} minute(s); the same again: --seed {seed}", options.minutes);
    adopt_orphans()?;
    let manager = Manager::new()?;
    let world = World::new(&manager)?;
    let mut soak = Soak::start(&world, seed, vec![manager.server().pid()])?;
    let (warm, last) = rounds(&mut soak, options.time())?;
    soak.finish()?;
    let mut checks = Vec::from(verdict::of_usage(warm, last));
    // Otherwise it was broken off, with items on their way.
    if soak.objections.is_empty() {
        checks.extend(verdict::of_streams(&mut soak.books, &world));
        checks.extend(verdict::of_state(&soak.books, &world)?);
    }
    Ok(print_verdict(&soak, &checks))
}

/// Storms and calms. Returns what the main process had after the first rounds and after the last.
fn rounds(soak: &mut Soak<'_>, time: Duration) -> Fallible<(Usage, Usage)> {
    let begin = Instant::now();
    let round = ROUND.min(time / 4);
    let (mut warm, mut told) = (None, begin);
    loop {
        soak.storm(round)?;
        let usage = soak.calm()?;
        if told.elapsed() >= time / LINES {
            print_progress(soak, begin.elapsed());
            told = Instant::now();
        }
        if soak.calms == WARM {
            warm = Some(usage);
        }
        if begin.elapsed() >= time || !soak.objections.is_empty() {
            return Ok((warm.unwrap_or(usage), usage));
        }
    }
}
