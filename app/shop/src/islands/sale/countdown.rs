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
/// And so long after it, when there may be more who would begin than can.
const NEAR_AFTER_MS: f64 = 10_000.0;
/// What [`jittered`] makes of a pause at most, an edge's second, and an answer's way back on a slow line.
const fn seen_within_ms(every_ms: f64) -> f64 {
    every_ms * 1.2 + 1_000.0 + 160.0
}
const _: () = assert!(seen_within_ms(STATE_EVERY_MS) <= 5_000.0 && seen_within_ms(STATE_EVERY_NEAR_MS) <= 2_000.0);

/// The last moment before the start. Then nothing else is begun that would be in the way.
const CLOSE_MS: f64 = 150.0;
const _: () = assert!(CLOSE_MS < STATE_EVERY_NEAR_MS * 0.8);

const fn is_close(left_ms: f64) -> bool {
    0.0 <= left_ms && left_ms < CLOSE_MS
}

/// How late this browser's timers have been of late. What all of them were late by is taken off the next.
#[derive(Default)]
struct Lateness {
    last_ms: [f64; 4],
}

impl Lateness {
    const MOST_MS: f64 = 4.0;

    fn note(&mut self, late_ms: f64) {
        self.last_ms.rotate_left(1);
        self.last_ms[3] = late_ms;
    }

    fn allow_for(&self, wait_ms: f64) -> f64 {
        let least_ms = self.last_ms.iter().copied().fold(Self::MOST_MS, f64::min).max(0.0);
        (wait_ms - least_ms).max(0.0)
    }
}

const BUY: &str = ".buy";

/// The next question is better than a late answer.
const STATE_TIMEOUT_MS: u32 = 2_000;

pub(super) fn start(model: Model) {
    spawn(async move {
        let mut lateness = Lateness::default();
        loop {
            let wait_ms = lateness.allow_for(tick(model));
            let began_ms = clock::monotonic_ms();
            sleep_ms(wait_ms).await;
            lateness.note(clock::monotonic_ms() - began_ms - wait_ms);
        }
    });
    spawn(async move {
        loop {
            let asked_ms = clock::monotonic_ms();
            ask(model).await;
            let every_ms = jittered(if near(model) { STATE_EVERY_NEAR_MS } else { STATE_EVERY_MS });
            let pause_ms = every_ms - (clock::monotonic_ms() - asked_ms);
            let then_left_ms = left_ms(model) - pause_ms;
            // Rather before the last moment than in it.
            sleep_ms(if is_close(then_left_ms) { pause_ms - (CLOSE_MS - then_left_ms) } else { pause_ms }).await;
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

/// To the start.
fn left_ms(model: Model) -> f64 {
    model.look(|unseen| unseen.facts.starts_at_ms) as f64 - clock::server_now_ms().unwrap_or_default()
}

fn near(model: Model) -> bool {
    (-NEAR_AFTER_MS..NEAR_MS).contains(&left_ms(model))
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
    // Between the close of the entries and the draw nobody can order, whatever the server's older word says.
    let close_ms = model.entries_close_at_ms();
    let is_closed = close_ms.zip(now_ms).is_some_and(|(close_ms, now_ms)| now_ms + NOW_MS >= close_ms as f64);
    let phase = if phase == SalePhase::Open && is_closed { SalePhase::Paused } else { phase };
    let target_ms = if let Some(expires_at_ms) = hold.and_then(|hold| hold.expires_at_ms) {
        expires_at_ms
    } else if phase == SalePhase::Upcoming {
        starts_at_ms
    } else {
        close_ms.unwrap_or(ends_at_ms)
    };
    if phase != SalePhase::Open && model.opening.get_value() {
        // Postponed or paused in between: nothing that follows would disable it, for nothing knows that it was enabled.
        model.opening.set_value(false);
        page::set_disabled(BUY, true);
    }
    if phase != model.phase.get_untracked() {
        // In a task of its own, before all that follows from it, which takes a phone some milliseconds.
        if phase == SalePhase::Open && !model.opening.get_value() && enable_buy(model, true) {
            return 0.0;
        }
        model.opening.set_value(false);
        model.phase.set(phase);
    } else if phase == SalePhase::Upcoming && now_ms.is_some_and(|now_ms| is_close(starts_at_ms as f64 - now_ms)) {
        enable_buy(model, false);
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
        SalePhase::Paused if is_closed => locale.state_drawing(),
        SalePhase::Paused => locale.state_paused(),
    });
    wait_ms
}

/// Enables Buy where nothing but the start was in the way; answers whether it did. Rehearsed, it disables it again before anybody
/// can see or press it: what a browser does for the first time takes it ten times as long.
fn enable_buy(model: Model, for_good: bool) -> bool {
    if !untrack(|| model.is_ready()) {
        return false;
    }
    page::set_disabled(BUY, false);
    model.opening.set_value(for_good);
    if !for_good {
        page::set_disabled(BUY, true);
    }
    for_good
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

/// A crowd may have come since the state was told: an edge knows sooner than this page whether lots are drawn.
pub(super) fn has_just_started(model: Model) -> bool {
    (-NEAR_AFTER_MS..0.0).contains(&left_ms(model))
}

/// Asks for the sale's state, where somebody is looking.
pub(super) async fn ask(model: Model) {
    if page::visible() {
        ask_within(model, STATE_TIMEOUT_MS).await;
    }
}

/// Asks for the sale's state.
pub(super) async fn ask_within(model: Model, timeout_ms: u32) {
    let path = ["/csi/sales/", &model.sale_id()].concat();
    let Ok(value) = http::get_within(&path, timeout_ms).await else { return };
    let Some(state) = wire::sale_state(&value) else { return };
    model.change(|unseen| {
        unseen.told_phase = state.phase;
        unseen.called_off = state.called_off;
        unseen.admission = state.admission.map(|round| (round, clock::monotonic_ms()));
        unseen.facts.starts_at_ms = state.starts_at_ms;
        unseen.facts.ends_at_ms = state.ends_at_ms;
        if let Some(draw) = state.draw {
            unseen.draw_stage = draw.stage;
            unseen.facts.entries_close_at_ms = draw.entries_close_at_ms;
        }
        kinds::take(&mut unseen.kinds, state.skus);
    });
    model.price_minor.set(state.price_minor);
    model.can_wait.set(state.can_wait);
    model.kinds_told.update(|times| *times += 1);
    tick(model);
}

#[cfg(test)]
mod tests {
    use super::{Lateness, SalePhase, phase_at};

    #[test]
    fn only_what_every_timer_was_late_by_is_taken_off() {
        let mut lateness = Lateness::default();
        assert_eq!(lateness.allow_for(16.0), 16.0);
        for (late_ms, wait_ms) in [(3.0, 16.0), (9.0, 16.0), (2.0, 16.0), (2.5, 14.0), (0.5, 15.5), (-5.0, 16.0)] {
            lateness.note(late_ms);
            assert_eq!(lateness.allow_for(16.0), wait_ms, "after one of {late_ms} ms");
        }
        lateness = Lateness { last_ms: [90.0; 4] };
        assert_eq!((lateness.allow_for(16.0), lateness.allow_for(1.0)), (12.0, 0.0));
    }

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
