//! `break_up`.

use super::Barrier;
use super::state::{At, Fault, State, Then, Waits};

impl Barrier {
    pub(super) fn break_up(&self, broken: bool, then: Then) -> At {
        At::Break { at: 0, broken, then }
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
            if is_used && slot.waits == Waits::For(round) {
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
}
