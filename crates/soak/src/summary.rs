//! What is printed for people.

use std::process::ExitCode;
use std::time::Duration;

use crate::judge::verdict::{Check, grouped};
use crate::roles::cast::Role;
use crate::roles::pool_owner;
use crate::supervisor::soak::Soak;

pub(crate) fn print_progress(soak: &Soak<'_>, time: Duration) {
    let trouble = &soak.trouble;
    let [items, steps] = [soak.books.items(), soak.books.all_steps()].map(grouped);
    let [kills, stops] = [trouble.kills, trouble.stops].map(grouped);
    let time = time.as_secs();
    println!("{time:5} s: {items} items, {steps} other steps, {kills} kills, {stops} stops");
}

/// The exit code is 1 if anything is wrong.
pub(crate) fn print_verdict(soak: &Soak<'_>, checks: &[Check]) -> ExitCode {
    let (seen, processes) = (&soak.objections, soak.slots.len());
    println!();
    println!(
        "What can be right is a range, because each process that was killed may have had something in hand:"
    );
    println!("done, and not yet reported; or taken, and lost with it.");
    println!();
    for check in checks {
        println!("{}  {}", mark(check.is_right), check.what);
    }
    let calms = soak.calms;
    let sentence = format!(
        "while it ran: nothing torn, twice or out of order, no wrong exit code, and in each of {calms} calms all {processes} processes went on"
    );
    println!("{}  {sentence}", mark(seen.is_empty()));
    seen.iter().for_each(|line| println!("        {line}"));
    println!();
    print_figures(soak);
    let failed =
        checks.iter().filter(|check| !check.is_right).count() + usize::from(!seen.is_empty());
    println!("{} passed, {failed} failed", checks.len() + 1 - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn mark(is_right: bool) -> &'static str {
    if is_right { "ok    " } else { "FAILED" }
}

fn print_figures(soak: &Soak<'_>) {
    let tasks = |kind| grouped(soak.books.steps(Role::PoolOwner, kind));
    let (done, lost) = (tasks(pool_owner::DONE), tasks(pool_owner::LOST));
    println!("{done} tasks of pools ended, and {lost} told that they were lost with their workers");
    let restarts = soak.slots.iter().map(|slot| slot.started - 1).sum();
    let [kills, stops, restarts] = [soak.trouble.kills, soak.trouble.stops, restarts].map(grouped);
    println!("{kills} kills, {stops} stops, {restarts} restarts");
    let most = soak.highest;
    let [private, shared] = [most.private, most.shared].map(grouped);
    let descriptors = most.descriptors;
    println!(
        "at most {private} KiB private and {shared} KiB shared memory, {descriptors} descriptors"
    );
}
