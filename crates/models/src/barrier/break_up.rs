//! `break_up`, `act` and `let_pass`.

use super::Barrier;
use super::state::{At, Fault, State, Then, Waits};

impl Barrier {
    pub(super) fn break_up(&self, broken: bool, then: Then) -> At {
        At::Pass { at: 0, broken: Some((broken, then)) }
    }

    /// Step 0 marks the barrier, the last one ends the round, and those between mark one slot each.
    pub(super) fn break_step(&self, state: &mut State, at: usize, broken: bool, then: Then) -> At {
        let slots = state.slots.len();
        if at == 0 {
            state.is_broken = broken;
            if self.has(Fault::RoundEndsBeforeMarks) {
                state.old_round = state.round;
                state.next_round();
            }
        } else if at <= slots {
            let is_early = self.has(Fault::RoundEndsBeforeMarks);
            let round = if is_early { state.old_round } else { state.round };
            let is_used = at <= state.high_water;
            let slot = &mut state.slots[at - 1];
            let is_acting =
                slot.waits == Waits::Acting && !self.has(Fault::MarksOfAnActionAreNotBroken);
            if is_used && (slot.waits == Waits::For(round) || is_acting) {
                slot.waits = Waits::Broken;
            }
        } else {
            if !self.has(Fault::RoundEndsBeforeMarks) {
                state.next_round();
            }
            return At::Locked(match then {
                Then::Arrive { .. } => Then::Arrive { is_late: false },
                then => then,
            });
        }
        At::Break { at: at + 1, broken, then }
    }

    /// The steps of `act` up to its success: one for each slot, then the round's end, then the action.
    pub(super) fn act_step(&self, state: &mut State, at: usize) -> At {
        let slots = state.slots.len();
        let marks_first = !self.has(Fault::MarksOfAnActionComeAfterTheRound);
        let (first_mark, end_of_round) = if marks_first { (0, slots) } else { (1, 0) };
        if at == end_of_round {
            state.old_round = state.round;
            state.next_round();
        } else if at <= slots {
            let round = if marks_first { state.round } else { state.old_round };
            let is_used = at - first_mark < state.high_water;
            let slot = &mut state.slots[at - first_mark];
            if is_used && slot.waits == Waits::For(round) {
                slot.waits = Waits::Acting;
            }
        } else {
            state.completed[usize::from(state.old_round)] = true;
            state.is_done = !self.has(Fault::SuccessIsNotNoted);
            return At::Pass { at: 0, broken: None };
        }
        At::Act { at: at + 1 }
    }

    /// `let_pass`: one step for each slot and one for the end, or none.
    pub(super) fn pass_step(
        &self,
        state: &mut State,
        at: usize,
        broken: Option<(bool, Then)>,
    ) -> At {
        let slots = state.slots.len();
        let is_done = state.is_done || broken.is_none();
        if is_done && at < slots {
            if at < state.high_water && state.slots[at].waits == Waits::Acting {
                state.slots[at].waits = Waits::ForNone;
            }
            return At::Pass { at: at + 1, broken };
        }
        state.is_done = false;
        match broken {
            Some((broken, then)) => At::Break { at: 0, broken, then },
            None => At::Unlock,
        }
    }
}
