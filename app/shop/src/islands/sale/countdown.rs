//! The clock and the sale's phase: what the board counts to, and the flip at the start.

use api::SalePhase;
use leptos::prelude::*;

use super::{
    super::board::NOW_MS,
    kinds,
    model::{Model, Stage},
};
use crate::browser::{clock, http, jittered, page, sleep_ms, spawn, wire};

/// From one question to the next, before a fifth of jitter. An edge may keep an answer for a second, and an answer takes its time
/// to come: a change is seen within 5 s, and within 2 s in the last minute.
const STATE_EVERY_MS: f64 = 3_000.0;
const STATE_EVERY_NEAR_MS: f64 = 700.0;
/// "Near" is the last minute before the start, and the longest pause before it.
const NEAR_MS: f64 = 64_000.0;
/// What [`jittered`] makes of a pause at most, an edge's second, and an answer's way back on a slow line.
const fn seen_within_ms(every_ms: f64) -> f64 {
    every_ms * 1.2 + 1_000.0 + 160.0
}
const _: () = assert!(seen_within_ms(STATE_EVERY_MS) <= 5_000.0 && seen_within_ms(STATE_EVERY_NEAR_MS) <= 2_000.0);

/// The next question is better than a late answer.
const STATE_TIMEOUT_MS: u32 = 2_000;

pub(super) fn start(model: Model) {
    spawn(async move {
        loop {
            sleep_ms(tick(model)).await;
        }
    });
    spawn(async move {
        loop {
            let asked_ms = clock::monotonic_ms();
            ask(model).await;
            let every_ms = jittered(if near(model) { STATE_EVERY_NEAR_MS } else { STATE_EVERY_MS });
            sleep_ms(every_ms - (clock::monotonic_ms() - asked_ms)).await;
        }
    });
    page::on_visible(move || {
        tick(model);
        spawn(async move {
            clock::sample().await;
            tick(model);
        });
        spawn(ask(model));
    });
}

fn near(model: Model) -> bool {
    let left_ms = model.look(|unseen| unseen.facts.starts_at_ms) as f64 - clock::server_now_ms().unwrap_or_default();
    (0.0..NEAR_MS).contains(&left_ms)
}

/// Shows the present moment. Answers with the milliseconds to the next change.
pub(super) fn tick(model: Model) -> f64 {
    let stage = model.stage.get_untracked();
    let (told, hold, starts_at_ms, ends_at_ms) = model.look(|unseen| {
        let hold = unseen.hold.filter(|_| stage == Stage::Held);
        (unseen.told_phase, hold, unseen.facts.starts_at_ms, unseen.facts.ends_at_ms)
    });
    let now_ms = clock::server_now_ms();
    let phase = match now_ms {
        Some(now_ms) => phase_at(told, now_ms + NOW_MS, starts_at_ms as f64, ends_at_ms as f64),
        // Just after a sleep: what the clock has opened stays so until it is known again.
        None if told == SalePhase::Upcoming => model.phase.get_untracked(),
        None => told,
    };
    let target_ms = if let Some(expires_at_ms) = hold.and_then(|hold| hold.expires_at_ms) {
        expires_at_ms
    } else if phase == SalePhase::Upcoming {
        starts_at_ms
    } else {
        ends_at_ms
    };
    if phase != model.phase.get_untracked() {
        model.phase.set(phase);
        // Before all that follows from it, which takes a phone some milliseconds.
        if phase == SalePhase::Open && untrack(|| model.can_buy()) {
            page::enable(".buy");
        }
    }
    let wait_ms = model.board.count_to(target_ms as f64, now_ms);
    let locale = model.locale;
    model.board.show_word(match phase {
        _ if hold.is_some_and(|hold| hold.expires_at_ms.is_none()) => locale.state_kept(),
        _ if hold.is_some() || stage == Stage::Waiting => "",
        SalePhase::Upcoming | SalePhase::Open => "",
        SalePhase::SoldOut if model.can_wait.get_untracked() => locale.state_all_held(),
        SalePhase::SoldOut => locale.state_sold_out(),
        SalePhase::Ended => locale.state_ended(),
        SalePhase::Paused => locale.state_paused(),
    });
    wait_ms
}

/// The server's word may be seconds old; the start and the end need no word. A sale that was told to be upcoming is
/// open from its start on, whatever an edge's older answer says.
fn phase_at(told: SalePhase, now_ms: f64, starts_at_ms: f64, ends_at_ms: f64) -> SalePhase {
    match told {
        SalePhase::Ended => SalePhase::Ended,
        _ if now_ms >= ends_at_ms => SalePhase::Ended,
        SalePhase::Upcoming if now_ms >= starts_at_ms => SalePhase::Open,
        told => told,
    }
}

/// Asks for the sale's state, where somebody is looking.
pub(super) async fn ask(model: Model) {
    if !page::visible() {
        return;
    }
    let path = ["/csi/sales/", &model.sale_id()].concat();
    let Ok(value) = http::get_within(&path, STATE_TIMEOUT_MS).await else { return };
    let Some(state) = wire::sale_state(&value) else { return };
    model.change(|unseen| {
        unseen.told_phase = state.phase;
        unseen.called_off = state.called_off;
        unseen.facts.starts_at_ms = state.starts_at_ms;
        unseen.facts.ends_at_ms = state.ends_at_ms;
        kinds::take(&mut unseen.kinds, state.skus);
    });
    model.price_minor.set(state.price_minor);
    model.can_wait.set(state.can_wait);
    model.kinds_told.update(|times| *times += 1);
    tick(model);
}

#[cfg(test)]
mod tests {
    use super::{SalePhase, phase_at};

    #[test]
    fn the_clock_opens_and_ends_a_sale_and_nothing_else() {
        for (told, now_ms, phase) in [
            (SalePhase::Upcoming, 999.0, SalePhase::Upcoming),
            (SalePhase::Upcoming, 1_000.0, SalePhase::Open),
            (SalePhase::Paused, 1_500.0, SalePhase::Paused),
            (SalePhase::SoldOut, 1_500.0, SalePhase::SoldOut),
            (SalePhase::SoldOut, 2_000.0, SalePhase::Ended),
            (SalePhase::Ended, 500.0, SalePhase::Ended),
        ] {
            assert_eq!(phase_at(told, now_ms, 1_000.0, 2_000.0), phase);
        }
    }
}
