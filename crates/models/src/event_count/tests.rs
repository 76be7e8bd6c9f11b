use super::EventCount;
use super::state::{COUNT, Fault, HAS_WAITERS, Role};
use crate::walk::{depth, finds, holds};

const WOKEN: &str = "no sleeper is forgotten";
const EXACT: &str = "the count is exact";

/// As in a ring: `wait_while` beside `wait_for_more`.
fn events(kills: usize, fault: Option<Fault>) -> EventCount {
    let waiters = [Role::Waiter { watched: !HAS_WAITERS }, Role::Waiter { watched: COUNT }];
    let mut roles = vec![Role::Adder, Role::Adder, Role::Closer];
    roles.extend(waiters);
    roles.extend(waiters.into_iter().cycle().take(1 + depth()));
    EventCount { roles, most: 3, kills, fault }
}

fn permits(kills: usize, fault: Option<Fault>) -> EventCount {
    let mut roles = vec![Role::Adder, Role::Adder, Role::Acquirer, Role::Acquirer];
    roles.extend(vec![Role::Acquirer; 1 + depth()]);
    EventCount { roles, most: 3, kills, fault }
}

#[test]
fn events_are_waited_for() {
    holds(events(2 + depth(), None));
}

#[test]
fn permits_are_waited_for() {
    holds(permits(2 + depth(), None));
}

#[test]
fn two_add_at_once() {
    finds(EXACT, events(0, Some(Fault::NoLock)));
}

#[test]
fn an_adder_sees_no_mark() {
    finds(WOKEN, events(0, Some(Fault::AdderSeesNoMark)));
}

#[test]
fn adding_and_waking_are_two_steps() {
    finds(WOKEN, events(1, Some(Fault::WakeApart)));
}

#[test]
fn only_one_is_woken() {
    finds(WOKEN, events(0, Some(Fault::WakesOne)));
}

#[test]
fn only_one_is_woken_and_killed() {
    finds(WOKEN, permits(1, Some(Fault::WakesOne)));
}

#[test]
fn close_wakes_none() {
    finds(WOKEN, events(0, Some(Fault::CloseWakesNone)));
}

#[test]
fn a_sleeper_leaves_no_mark() {
    finds(WOKEN, events(0, Some(Fault::SleeperLeavesNoMark)));
}

#[test]
fn a_thread_goes_to_sleep_without_another_look() {
    finds(WOKEN, permits(0, Some(Fault::SleepsWithoutLook)));
}

#[test]
fn one_whose_time_is_up_clears_the_mark() {
    finds(WOKEN, events(0, Some(Fault::TimedOutClearsMark)));
}
