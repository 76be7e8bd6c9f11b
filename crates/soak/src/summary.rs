//! What is printed for people.

use std::process::ExitCode;
use std::time::Duration;

use crate::judge::verdict::Check;
use crate::roles::pool_owner;
use crate::roles::cast::Role;
use crate::supervisor::soak::Soak;

pub(crate) fn print_progress(soak: &Soak<'_>, time: Duration) {
    let (kills, stops) = (soak.trouble.kills, soak.trouble.stops);
    let (items, steps) = (soak.books.items(), soak.books.all_steps());
    let time = time.as_secs_f64();
    println!("{time:6.1} s  {items} items, {steps} steps, {kills} kills, {stops} stops");
}

/// The exit code is 1 if anything is wrong.
pub(crate) fn print_verdict(soak: &Soak<'_>, checks: &[Check]) -> ExitCode {
    println!();
    println!("Lost items are right up to what processes had in hand when they were killed.");
    for check in checks {
        println!("{}  {}", if check.is_right { "ok    " } else { "FAILED" }, check.what);
    }
    let tasks = |kind| soak.books.steps(Role::PoolOwner, kind);
    let (done, lost) = (tasks(pool_owner::DONE), tasks(pool_owner::LOST));
    println!("pools: {done} tasks ended, {lost} were lost with their workers, as they told");
    let high = soak.highest;
    println!(
        "highest use of memory: {} KiB private, {} KiB shared; {} descriptors",
        high.private, high.shared, high.descriptors
    );
    for objection in &soak.objections {
        println!("FAILED  {objection}");
    }
    let failed = checks.iter().filter(|check| !check.is_right).count() + soak.objections.len();
    let passed = checks.len() + soak.calms as usize - failed.min(checks.len());
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
