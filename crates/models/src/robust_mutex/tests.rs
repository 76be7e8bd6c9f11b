use super::RobustMutex;
use super::choices::{Fault, Time};
use crate::walk::{depth, finds, holds};

const ONE_OWNER: &str = "an owner is noted as the owner";
const RELEASED: &str = "the dead own nothing";
const WOKEN: &str = "no sleeper is forgotten";
const ENDS: &str = "handing over ends";
const IN_TURN: &str = "a starving thread gets its turn";

/// Three threads.
fn killed(kills: usize, fault: Option<Fault>) -> RobustMutex {
    RobustMutex { threads: 3, fault, kills, time: Time::Free, bound: 0 }
}

/// None is killed, and no wait is long.
fn four(fault: Option<Fault>) -> RobustMutex {
    RobustMutex { threads: 4, fault, kills: 0, time: Time::Still, bound: 0 }
}

fn starving(threads: usize, bound: usize, fault: Option<Fault>) -> RobustMutex {
    RobustMutex { threads, fault, kills: 0, time: Time::Turns, bound }
}

#[test]
fn one_of_three_is_killed() {
    holds(killed(1 + depth(), None));
}

#[test]
fn nothing_is_pending_in_lock() {
    finds(RELEASED, killed(1, Some(Fault::NothingPendingInLock)));
}

#[test]
fn nothing_is_pending_in_unlock() {
    finds(WOKEN, killed(1, Some(Fault::NothingPendingInUnlock)));
}

#[test]
fn pending_ends_before_the_mutex_is_listed() {
    finds(RELEASED, killed(1, Some(Fault::PendingEndsBeforeList)));
}

#[test]
fn the_mutex_is_taken_without_a_comparison() {
    finds(ONE_OWNER, killed(0, Some(Fault::TakesWithoutComparing)));
}

#[test]
fn the_taker_clears_waiters() {
    finds(WOKEN, killed(1, Some(Fault::TakerClearsWaiters)));
}

#[test]
fn the_release_clears_waiters() {
    finds(WOKEN, killed(1, Some(Fault::ReleaseClearsWaiters)));
}

#[test]
fn waiters_is_cleared_though_one_was_woken() {
    finds(WOKEN, killed(1, Some(Fault::ClearsThoughItWoke)));
}

#[test]
fn waiters_is_cleared_without_a_look_at_the_count() {
    finds(WOKEN, four(Some(Fault::ClearsWithoutCount)));
}

#[test]
fn the_kernel_forgets_that_it_woke_the_dead() {
    finds(WOKEN, killed(2, Some(Fault::KernelForgetsWoken)));
}

#[test]
fn starving_is_never_cleared() {
    finds(ENDS, killed(0, Some(Fault::StarvingStays)));
}

/// In turns of a millisecond and more, and if all are prompt: the owner's turn in which the thread
/// begins to starve, and one more.
#[test]
fn one_of_two_starves() {
    holds(starving(2, 1, None));
}

/// With three there is no bound, even so. A running thread may be faster than the starving one when
/// that is woken; then a third may go to sleep before it does, has its turn first, and clears the mark
/// because it has not waited for long.
#[test]
fn one_of_three_starves() {
    finds(IN_TURN, starving(3, 9, None));
}

#[test]
fn no_thread_says_that_it_starves() {
    finds(IN_TURN, starving(2, 9, Some(Fault::NoThreadStarves)));
}

#[test]
fn newcomers_take_what_is_handed_over() {
    finds(IN_TURN, starving(2, 9, Some(Fault::NewcomersBarge)));
}
