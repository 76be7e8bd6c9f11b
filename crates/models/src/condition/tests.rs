use super::Condition;
use super::state::Fault;
use crate::walk::{depth, finds, holds};

const USEFUL: &str = "a notification is for a thread that waits";
const TRUE: &str = "a wait returns what is true";
const ALL: &str = "notify_all leaves none";

fn condition(kills: usize, fault: Option<Fault>) -> Condition {
    Condition { threads: 3 + depth(), kills, fault }
}

#[test]
fn two_of_three_are_killed() {
    holds(condition(2, None));
}

#[test]
fn a_wait_is_noted_without_the_lock() {
    finds(ALL, condition(0, Some(Fault::NotedWithoutLock)));
}

#[test]
fn a_slot_is_left_without_the_lock() {
    finds(TRUE, condition(0, Some(Fault::SlotLeftWithoutLock)));
}

#[test]
fn the_dead_are_notified() {
    finds(USEFUL, condition(1, Some(Fault::NotifiesTheDead)));
}

#[test]
fn one_is_notified_twice() {
    finds(USEFUL, condition(0, Some(Fault::NotifiesTwice)));
}

#[test]
fn a_notification_after_the_time_is_up_is_not_told() {
    finds(TRUE, condition(0, Some(Fault::TimeIsUpMeansNotNotified)));
}
