//! Whether it is this shopper's turn to begin, while more would than can: by lots. An edge tells each round, and the page asks
//! nothing of the shop until its shopper is drawn.

use api::{Admission, MILLION, SalePhase};
use leptos::prelude::*;

use super::{model::Model, quiz};
use crate::browser::clock;

pub(super) const ROUND_MS: f64 = 1_000.0;
/// A round that was told so long ago holds nobody back: the shop can be asked again.
const KEPT_MS: f64 = 4_000.0;

/// Whether this shopper waits to be drawn: then that is told. Where the page does not know who is asking, the shop says.
pub(super) fn is_to_come(model: Model) -> bool {
    let held_back_by = model.look(|unseen| {
        let (round, told_ms) = unseen.admission?;
        let is_known = clock::monotonic_ms() - told_ms < KEPT_MS;
        (is_known && !round.lets_in(unseen.lot?)).then_some(round)
    });
    let Some(round) = held_back_by else { return false };
    tell(model, model.locale.waits_to_be_drawn(one_in(round)));
    true
}

/// Says why the question is not there yet.
pub(super) fn tell(model: Model, text: String) {
    // A question that was there before would cover what is said here.
    quiz::close();
    // A status that says the same again would be read out again.
    if model.status.with_untracked(|shown| *shown != text) {
        model.status.set(text);
    }
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
    let exact = MILLION / round.per_million.max(1);
    let above = exact.next_power_of_two();
    u64::from(if exact * 4 < above * 3 { above / 2 } else { above }.max(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odds_are_told_in_steps() {
        for (per_million, told) in [(900_000, 2), (400_000, 2), (300_000, 4), (100_000, 8), (60_000, 16), (0, 1 << 20)]
        {
            assert_eq!(one_in(Admission { seed: 0, per_million }), told, "{per_million}");
        }
    }
}
