use super::Barrier;
use super::state::Fault;
use crate::walk::{depth, finds, holds};

const TOGETHER: &str = "all parties pass, or none does";
const NOTICED: &str = "a dead party breaks the round for the next";
const WOKEN: &str = "no party waits at a broken barrier";
const LEFT: &str = "no mark of an action is left";
const OWN: &str = "a time-out breaks its own round";

fn barrier(parties: usize, kills: usize, fault: Option<Fault>) -> Barrier {
    Barrier { threads: 3 + depth(), parties, rounds: 2, kills, acts: false, fault }
}

fn with_actions(kills: usize, fault: Option<Fault>) -> Barrier {
    Barrier { acts: true, ..barrier(3, kills, fault) }
}

#[test]
fn three_threads_and_two_parties() {
    holds(barrier(2, 1 + depth(), None));
}

#[test]
fn three_parties() {
    holds(barrier(3, 1 + depth(), None));
}

#[test]
fn the_dead_count_as_parties() {
    finds(NOTICED, barrier(3, 1, Some(Fault::DeadPartiesCount)));
}

#[test]
fn the_slot_of_a_dead_party_is_taken_by_the_next() {
    finds(NOTICED, barrier(3, 1, Some(Fault::SlotOfTheDeadIsTaken)));
}

#[test]
fn a_death_in_the_middle_of_a_change_is_ignored() {
    finds(WOKEN, barrier(3, 1, Some(Fault::DeathWithTheLockIsIgnored)));
}

#[test]
fn a_broken_round_ends_before_its_slots_are_marked() {
    finds(TOGETHER, barrier(3, 0, Some(Fault::RoundEndsBeforeMarks)));
}

#[test]
fn a_time_out_after_the_end_breaks_the_next_round() {
    finds(OWN, barrier(2, 0, Some(Fault::TimeIsUpForAnyRound)));
}

#[test]
fn three_parties_with_actions() {
    holds(with_actions(1 + depth(), None));
}

#[test]
fn two_parties_with_actions() {
    holds(Barrier { parties: 2, ..with_actions(1, None) });
}

#[test]
fn the_marks_of_an_action_come_too_late() {
    finds(TOGETHER, with_actions(0, Some(Fault::MarksOfAnActionComeAfterTheRound)));
}

#[test]
fn the_marks_of_a_failed_action_stay() {
    finds(LEFT, with_actions(0, Some(Fault::MarksOfAnActionAreNotBroken)));
}

#[test]
fn a_death_among_those_who_pass_breaks_it_for_the_others() {
    finds(TOGETHER, with_actions(1, Some(Fault::SuccessIsNotNoted)));
}
