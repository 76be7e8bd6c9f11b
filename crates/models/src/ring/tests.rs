use super::Ring;
use super::state::Fault;
use crate::walk::{depth, finds, holds};

const WRITTEN: &str = "no word in use is written";
const FIRST: &str = "the consumer comes to the first item";
const END: &str = "no item comes after the end";

/// Records of one or two words, and a wrap mark.
fn ring(limit: u8, fault: Option<Fault>) -> Ring {
    let end = 6 + u8::try_from(depth()).expect("a small number");
    Ring { end, refresh: 2, keep: 2, limit, closes: false, by_twos: false, fault }
}

/// Several items are put and taken as one step.
fn by_twos(limit: u8, fault: Option<Fault>) -> Ring {
    Ring { end: 5, by_twos: true, ..ring(limit, fault) }
}

/// It is closed at some time; as small as can be.
fn closed(fault: Option<Fault>) -> Ring {
    Ring { end: 4, refresh: 2, keep: 2, limit: 2, closes: true, by_twos: false, fault }
}

#[test]
fn sides_are_killed() {
    holds(ring(2, None));
}

#[test]
fn several_at_once() {
    holds(by_twos(2, None));
}

#[test]
fn it_is_closed() {
    holds(closed(None));
}

#[test]
fn what_was_seen_is_trusted_after_a_death() {
    finds(WRITTEN, ring(3, Some(Fault::SeenIsTrustedAfterDeath)));
}

#[test]
fn the_count_is_not_looked_at_again() {
    finds(WRITTEN, ring(3, Some(Fault::RefreshLooksOnce)));
}

#[test]
fn producers_have_one_copy_of_their_cursor() {
    finds(FIRST, ring(2, Some(Fault::ProducerHasOneCursor)));
}

#[test]
fn consumers_have_one_copy_of_their_cursor() {
    finds(FIRST, ring(2, Some(Fault::ConsumerHasOneCursor)));
}

#[test]
fn a_put_counts_before_it_is_done() {
    finds(FIRST, ring(2, Some(Fault::ProducerCountsFirst)));
}

#[test]
fn a_get_counts_before_it_is_done() {
    finds(FIRST, ring(2, Some(Fault::ConsumerCountsFirst)));
}

#[test]
fn there_is_no_room_for_a_wrap_mark() {
    finds(WRITTEN, ring(2, Some(Fault::NoRoomForMark)));
}

#[test]
fn the_end_before_a_wrap_is_not_noted() {
    finds(WRITTEN, ring(2, Some(Fault::NoWrapEnd)));
}

#[test]
fn memory_is_given_back_behind_a_wrap() {
    finds(WRITTEN, ring(2, Some(Fault::GivesBackBehindWrap)));
}

#[test]
fn the_end_is_said_while_a_producer_is_at_work() {
    finds(END, closed(Some(Fault::EndWithoutLook)));
}

#[test]
fn copies_are_told_apart_by_an_even_and_an_odd_count() {
    finds(FIRST, by_twos(2, Some(Fault::CopyByParity)));
}
