//! Whether it is this shopper's turn to begin, while more would than can: by lots. An edge tells each round, and the page asks
//! nothing of the shop until its shopper is drawn.

use api::{Admission, MILLION, SalePhase};
use leptos::prelude::*;

use super::{model::Model, quiz};

pub(super) const ROUND_MS: f64 = 1_000.0;

/// Whether this shopper waits to be drawn: then that is told. Where the page does not know who is asking, the shop says.
pub(super) fn is_to_come(model: Model) -> bool {
    let held_back_by =
        model.look(|unseen| unseen.admission.filter(|round| unseen.lot.is_some_and(|lot| !round.lets_in(lot))));
    let Some(round) = held_back_by else { return false };
    // A question that was there before would cover what is said here.
    quiz::close();
    let text = model.locale.waits_to_be_drawn(one_in(round));
    // A status that says the same again would be read out again.
    if model.status.with_untracked(|shown| *shown != text) {
        model.status.set(text);
    }
    true
}

/// Whether there is still something to begin for.
pub(super) fn is_on(model: Model) -> bool {
    match model.phase.get_untracked() {
        SalePhase::Open => true,
        SalePhase::SoldOut => model.can_wait.get_untracked(),
        SalePhase::Upcoming | SalePhase::Ended | SalePhase::Paused => false,
    }
}

/// In steps, so that it does not change every second.
fn one_in(round: Admission) -> u64 {
    u64::from((MILLION / round.per_million.max(1)).next_power_of_two().max(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odds_are_told_in_steps() {
        for (per_million, told) in [(900_000, 2), (400_000, 2), (300_000, 4), (100_000, 16), (60_000, 16), (0, 1 << 20)]
        {
            assert_eq!(one_in(Admission { seed: 0, per_million }), told, "{per_million}");
        }
    }
}
